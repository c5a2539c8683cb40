/** Every group of spec/vectors.json, whose numbers come from the reference formulas in float64. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { padRows } from '../../trainer/data/pad.ts';
import { type DpoOptions, dpo } from '../../trainer/losses/dpo.ts';
import { bestOfK, plackettLuce } from '../../trainer/losses/listwise.ts';
import { ppoPolicy } from '../../trainer/losses/ppo-policy.ts';
import { ppoValue } from '../../trainer/losses/ppo-value.ts';
import { rewardPairwise } from '../../trainer/losses/reward-pairwise.ts';
import { nextKlCoefficient } from '../../trainer/math/adaptive-kl.ts';
import { sequenceMeanTokenMean, sequenceMeanTokenSum, tokenMean } from '../../trainer/math/aggregate.ts';
import { bestOfNKl } from '../../trainer/math/best-of-n-kl.ts';
import { gae } from '../../trainer/math/gae.ts';
import { k1, k2, k3 } from '../../trainer/math/kl.ts';
import { loraDelta } from '../../trainer/math/lora-delta.ts';
import { maskedMean, maskedVariance } from '../../trainer/math/masked.ts';
import { dequantizeNf4, NF4_LEVELS, NF4_MIDPOINTS, quantizeNf4 } from '../../trainer/math/nf4.ts';
import {
  bestOfNGoldReward,
  bestOfNPeak,
  rlGoldReward,
  rlPeak,
} from '../../trainer/math/over-optimization.ts';
import { countPairs, strictAccuracy, tiesHalfAccuracy } from '../../trainer/math/pair-accuracy.ts';
import { policyDiagnostics, valueClipFraction } from '../../trainer/math/ppo-diagnostics.ts';
import { rankedPairs } from '../../trainer/math/ranked-pairs.ts';
import { shapedRewards } from '../../trainer/math/shaped-reward.ts';
import { whiten } from '../../trainer/math/whiten.ts';
import { newModelConfig } from '../../trainer/model/config.ts';
import { scoreHeadStd } from '../../trainer/model/heads.ts';
import { newParam } from '../../trainer/model/params.ts';
import { sampleToken } from '../../trainer/ops/sample-token.ts';
import { tokenEntropy } from '../../trainer/ops/token-entropy.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { createAdamW } from '../../trainer/optim/adamw.ts';
import { type Tensor, tf } from '../../trainer/tensors/tf.ts';
import { sharedPath } from '../support/shared-data.ts';
import type { VectorsFile } from './vectors-file.ts';

const path = sharedPath('spec', 'vectors.json');

const ones = (n: number) => new Array<number>(n).fill(1);

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 10) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i] as number, digits);
}

const PLAIN_DPO: DpoOptions = {
  loss: 'sigmoid',
  beta: 0.1,
  labelSmoothing: 0,
  ipoLengthNormalized: true,
  lengthPenalty: 0,
  tieNu: null,
};
const scalar = (t: Tensor) => t.dataSync()[0] as number;

describe.skipIf(path === null)('spec/vectors.json', () => {
  let v: VectorsFile;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    v = JSON.parse(readFileSync(path as string, 'utf8'));
  });

  function pairLoss(
    g: { chosen: number[] },
    extra: { targets?: number[]; margins?: number[]; centering?: number },
  ) {
    const n = g.chosen.length;
    return (scoresM: Tensor) =>
      rewardPairwise({
        scoresM,
        chosenP: tf.range(0, n, 1, 'int32'),
        rejectedP: tf.range(n, 2 * n, 1, 'int32'),
        targetsP: tf.tensor1d(extra.targets ?? ones(n)),
        marginsP: tf.tensor1d(extra.margins ?? new Array<number>(n).fill(0)),
        weightsP: tf.fill([n], 1 / n),
        centering: extra.centering ?? 0,
      });
  }

  it('rm_pairwise and rm_soft_label', () => {
    const g = v.rm_pairwise;
    const scores = tf.tensor1d([...g.chosen, ...g.rejected]);
    expect(scalar(pairLoss(g, {})(scores))).toBeCloseTo(g.mean, 6);
    expect(scalar(pairLoss(g, { margins: g.margin })(scores))).toBeCloseTo(g.mean_margin, 6);
    expect(scalar(pairLoss(g, { centering: g.center_coef })(scores))).toBeCloseTo(g.mean_centered, 6);
    expect(scalar(pairLoss(g, { targets: v.rm_soft_label.p })(scores))).toBeCloseTo(v.rm_soft_label.mean, 6);
    const gradient = tf.grad(pairLoss(g, {}))(scores).dataSync();
    expectClose(gradient.slice(0, 4), g.grad_chosen, 6);
    expectClose(
      gradient.slice(4),
      g.grad_chosen.map((x: number) => -x),
      6,
    );
    g.chosen.forEach((c: number, i: number) => {
      const one = pairLoss({ chosen: [c] }, {})(tf.tensor1d([c, g.rejected[i] as number]));
      expect(scalar(one)).toBeCloseTo(g.per_pair[i] as number, 6);
    });
    const counts = countPairs(g.chosen, g.rejected);
    expect(strictAccuracy(counts)).toBe(g.acc_strict);
    expect(tiesHalfAccuracy(counts)).toBe(g.acc_ties_half);
  });

  it('rm_kwise', () => {
    const g = v.rm_kwise;
    const scores = tf.tensor1d(g.scores_best_to_worst);
    const pairs = rankedPairs([0, 1, 2, 3], { useTies: true });
    const loss = rewardPairwise({
      scoresM: scores,
      chosenP: tf.tensor1d(
        pairs.map((p) => p.chosen),
        'int32',
      ),
      rejectedP: tf.tensor1d(
        pairs.map((p) => p.rejected),
        'int32',
      ),
      targetsP: tf.tensor1d(pairs.map((p) => p.target)),
      marginsP: tf.zeros([pairs.length]),
      weightsP: tf.tensor1d(pairs.map((p) => p.weight)),
      centering: 0,
    });
    expect(scalar(loss)).toBeCloseTo(g.all_pairs_mean, 6);
    expect(scalar(plackettLuce(scores.reshape([1, 4])))).toBeCloseTo(g.plackett_luce_nll, 6);
    expect(scalar(bestOfK(scores.reshape([1, 4])))).toBeCloseTo(g.best_of_4_ce, 6);
  });

  it('kl', () => {
    const g = v.kl;
    const map = (f: (a: number, b: number) => number) =>
      g.logp.map((x: number, i: number) => f(x, g.ref[i] as number));
    expectClose(map(k1), g.k1);
    expectClose(map(k2), g.k2);
    expectClose(map(k3), g.k3);
    const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
    expect(sum(map(k1))).toBeCloseTo(g.k1_sum, 10);
    expect(sum(map(k3))).toBeCloseTo(g.k3_sum, 10);
  });

  it('shaped_reward', () => {
    const { logp, ref } = v.kl;
    const { score, beta, rewards } = v.shaped_reward;
    expectClose(shapedRewards({ logProbs: logp, refLogProbs: ref, length: 3, score, beta }), rewards);
  });

  it('gae', () => {
    const { values, rewards, gamma, cases } = v.gae;
    for (const c of cases) {
      const { advantages, returns } = gae({ values, rewards, gamma, lambda: c.lam });
      expectClose(advantages, c.adv);
      expectClose(returns, c.ret);
    }
  });

  it('whiten', () => {
    const { x, biased, unbiased, no_shift_unbiased } = v.whiten;
    expectClose(whiten(x, ones(3), { unbiased: false, shiftMean: true }), biased, 9);
    expectClose(whiten(x, ones(3), { unbiased: true, shiftMean: true }), unbiased, 9);
    expectClose(whiten(x, ones(3), { unbiased: true, shiftMean: false }), no_shift_unbiased, 9);
  });

  it('ppo_clip', () => {
    const g = v.ppo_clip;
    const loss = (logProbs: number[], old: number[], adv: number[], weight: number) =>
      scalar(
        ppoPolicy({
          logProbsN: tf.tensor1d(logProbs),
          oldLogProbsN: tf.tensor1d(old),
          advantagesN: tf.tensor1d(adv),
          weightsN: tf.fill([logProbs.length], weight),
          clipRange: g.clip,
          dualClip: null,
        }),
      );
    expect(loss(g.logp, g.old, g.adv, 1 / 4)).toBeCloseTo(g.mean, 6);
    g.per_token.forEach((expected: number, i: number) => {
      expect(loss([g.logp[i] as number], [g.old[i] as number], [g.adv[i] as number], 1)).toBeCloseTo(
        expected,
        6,
      );
    });
    const d = policyDiagnostics({
      logProbs: g.logp,
      oldLogProbs: g.old,
      advantages: g.adv,
      mask: ones(4),
      clipRange: g.clip,
    });
    expect(d.clipFraction).toBe(g.clipfrac);
    expect(d.approxKl).toBeCloseTo(g.approxkl_k2, 10);
    expect(d.approxKlK3).toBeCloseTo(g.approxkl_k3, 10);
    expect(d.ratio).toBeCloseTo(g.ratio.reduce((a: number, b: number) => a + b, 0) / 4, 10);
  });

  it('value_clip', () => {
    const g = v.value_clip;
    const loss = ppoValue({
      valuesN: tf.tensor1d(g.v),
      oldValuesN: tf.tensor1d(g.v_old),
      returnsN: tf.tensor1d(g.ret),
      weightsN: tf.fill([3], 1 / 3),
      clipRange: g.clip,
    });
    expect(scalar(loss)).toBeCloseTo(g.loss, 6);
    expect(
      valueClipFraction({
        values: g.v,
        oldValues: g.v_old,
        returns: g.ret,
        mask: ones(3),
        clipRange: g.clip,
      }),
    ).toBeCloseTo(g.clipfrac, 10);
  });

  it('adaptive_kl', () => {
    const g = v.adaptive_kl;
    let coefficient = g.init as number;
    for (const step of g.steps) {
      coefficient = nextKlCoefficient({
        coefficient,
        observedKl: step.kl,
        target: g.target,
        horizon: g.horizon,
        numEpisodes: g.n,
      });
      expect(coefficient).toBeCloseTo(step.beta, 10);
    }
  });

  it('dpo', () => {
    const g = v.dpo;
    const loss = (extra: Partial<DpoOptions>, lengths = [1, 1]) =>
      scalar(
        dpo({
          chosenP: tf.tensor1d([g.pi_chosen - g.ref_chosen]),
          rejectedP: tf.tensor1d([g.pi_rejected - g.ref_rejected]),
          chosenLengthP: tf.tensor1d([lengths[0] as number]),
          rejectedLengthP: tf.tensor1d([lengths[1] as number]),
          isTieP: tf.tensor1d([0]),
          weightsP: tf.tensor1d([1]),
          options: { ...PLAIN_DPO, beta: g.beta, ...extra },
        }),
      );
    expect(loss({})).toBeCloseTo(g.sigmoid, 6);
    expect(loss({ loss: 'hinge' })).toBeCloseTo(g.hinge, 6);
    expect(loss({ loss: 'ipo', ipoLengthNormalized: false }, [20, 30])).toBeCloseTo(g.ipo_sum, 5);
    expect(loss({ loss: 'ipo' }, [20, 30])).toBeCloseTo(g.ipo_len_norm_20_30, 4);
    expect(loss({ loss: 'conservative', labelSmoothing: 0.1 })).toBeCloseTo(g.cdpo_eps01, 6);
    expect(loss({ loss: 'robust', labelSmoothing: 0.1 })).toBeCloseTo(g.robust_eps01, 6);
    expect(g.beta * (g.pi_chosen - g.ref_chosen)).toBeCloseTo(g.reward_chosen, 10);
    expect(g.beta * (g.pi_rejected - g.ref_rejected)).toBeCloseTo(g.reward_rejected, 10);
  });

  it('bon_kl and gao', () => {
    for (const [n, kl] of Object.entries(v.bon_kl))
      expect(bestOfNKl(Number(n))).toBeCloseTo(kl as number, 10);
    const g = v.gao;
    expect(bestOfNPeak(g).distance).toBeCloseTo(g.bon_peak_d, 10);
    expect(bestOfNPeak(g).reward).toBeCloseTo(g.bon_peak_R, 10);
    expect(rlPeak(g).distance).toBeCloseTo(g.rl_peak_d, 10);
    expect(rlPeak(g).reward).toBeCloseTo(g.rl_peak_R, 10);
    // The curves themselves are highest there.
    for (const [curve, peak] of [
      [bestOfNGoldReward, bestOfNPeak(g)],
      [rlGoldReward, rlPeak(g)],
    ] as const) {
      expect(curve(g, peak.distance)).toBeCloseTo(peak.reward, 10);
      expect(curve(g, peak.distance * 1.01)).toBeLessThan(peak.reward);
      expect(curve(g, peak.distance * 0.99)).toBeLessThan(peak.reward);
    }
  });

  it('lora', () => {
    const g = v.lora;
    const delta = loraDelta({ a: g.A.flat(), b: g.B.flat(), rank: g.r, alpha: g.alpha });
    expectClose(delta, g.delta.flat());
  });

  it('nf4', () => {
    const g = v.nf4;
    expectClose(NF4_LEVELS, g.table, 15);
    expectClose(NF4_MIDPOINTS, g.midpoints, 7);
    const quantized = quantizeNf4(g.x);
    expect([...quantized.packed]).toEqual(g.packed);
    expect([...quantized.packed].flatMap((byte) => [byte >> 4, byte & 15])).toEqual(g.idx);
    expectClose(dequantizeNf4(quantized), g.dequant, 7);
  });

  it('loss_agg and upstream_openrlhf_agg', () => {
    const g = v.loss_agg;
    expect(tokenMean(g.loss, g.mask)).toBe(g.token_mean);
    expect(sequenceMeanTokenMean(g.loss, g.mask)).toBe(g.seq_mean_token_mean);
    expect(sequenceMeanTokenSum(g.loss, g.mask)).toBe(g.seq_mean_token_sum);
    const o = v.upstream_openrlhf_agg;
    expect(tokenMean(o.loss, o.mask)).toBeCloseTo(o.token_mean, 10);
    expect(sequenceMeanTokenMean(o.loss2, o.mask2)).toBeCloseTo(o.seq_mean_token_mean, 10);
    // Two shards with uneven token counts give the same, when each divides by the global count.
    const shards =
      tokenMean(o.loss.slice(0, 1), o.mask.slice(0, 1), 6) + tokenMean(o.loss.slice(1), o.mask.slice(1), 6);
    expect(shards).toBeCloseTo(o.token_mean, 10);
  });

  it('upstream_openrlhf_policy_loss, whole and in two uneven shards', () => {
    const g = v.upstream_openrlhf_policy_loss;
    const tokens = g.mask.flat().reduce((a: number, b: number) => a + b, 0);
    const loss = (from: number, to: number) =>
      scalar(
        ppoPolicy({
          logProbsN: tf.tensor1d(g.logp.slice(from, to).flat()),
          oldLogProbsN: tf.tensor1d(g.old.slice(from, to).flat()),
          advantagesN: tf.tensor1d(g.adv.slice(from, to).flat()),
          weightsN: tf.tensor1d(
            g.mask
              .slice(from, to)
              .flat()
              .map((m: number) => m / tokens),
          ),
          clipRange: 0.2,
          dualClip: null,
        }),
      );
    expect(loss(0, 3)).toBeCloseTo(g.token_mean, 6);
    expect(loss(0, 1) + loss(1, 3)).toBeCloseTo(g.token_mean, 6);
  });

  it('upstream_trl_masked', () => {
    const g = v.upstream_trl_masked;
    expect(maskedMean(g.x, g.mask)).toBe(g.mean);
    expect(maskedVariance(g.x, g.mask, { unbiased: true })).toBe(g.var_unbiased);
    const white = whiten(g.x, g.mask, { unbiased: true, shiftMean: true });
    expectClose([white[1] as number, white[2] as number], g.whitened_at_mask, 8);
  });

  it('temperature', () => {
    const { logits, cases } = v.temperature;
    const rows = tf.tensor2d(logits.map(() => logits));
    for (const { T, logp, entropy } of cases) {
      expectClose(tokenLogProbs(rows, tf.range(0, 4, 1, 'int32'), T).dataSync(), logp, 6);
      expectClose(
        tokenEntropy(rows, T).dataSync(),
        ones(4).map(() => entropy),
        6,
      );
    }
  });

  it('head_init_std', () => {
    for (const [width, std] of Object.entries(v.head_init_std)) {
      const shape = { vocabSize: 8, intermediateSize: 8, numLayers: 1, numHeads: 2, maxPositions: 8 };
      const config = newModelConfig({ ...shape, hiddenSize: Number(width) });
      expect(scoreHeadStd(config)).toBeCloseTo(std, 12);
    }
  });

  it('collator', () => {
    const { chosen, rejected, pad, expected } = v.collator;
    const { ids, mask } = padRows([...chosen, ...rejected], { padId: pad });
    expect([...ids]).toEqual(expected.flat());
    expect([...mask]).toEqual(expected.flat().map((id) => (id === pad ? 0 : 1)));
  });

  it('adam_step1: PyTorch as it is, TF1 as PyTorch with epsilon / sqrt(1 - beta2)', () => {
    const { grad, lr, eps, torch_delta, tf1_delta } = v.adam_step1;
    const delta = (epsilon: number) => {
      const optimized = newParam(Float32Array.of(0), [1]);
      const optimizer = createAdamW(
        { x: optimized },
        { beta1: 0.9, beta2: 0.999, epsilon, weightDecay: 0, maxGradNorm: 1 },
      );
      const scalars = optimizer.advance(lr);
      const tensor = (name: keyof typeof scalars) => tf.scalar(scalars[name].data[0] as number);
      optimizer.update(
        { x: tf.tensor1d([grad]) },
        {
          learningRate: tensor('learningRate'),
          biasCorrection1: tensor('biasCorrection1'),
          biasCorrection2: tensor('biasCorrection2'),
        },
      );
      return optimized.dataSync()[0] as number;
    };
    expect(delta(eps) / torch_delta).toBeCloseTo(1, 4);
    expect(delta(eps / Math.sqrt(1 - 0.999)) / tf1_delta).toBeCloseTo(1, 4);
  });

  it('upstream_lhp_sampler: a policy that always says the previous token plus one', () => {
    const { context, length, tokens } = v.upstream_lhp_sampler;
    const sequences = context.map((row) => [...row]);
    for (let t = 0; t < length; t++) {
      const logits = tf
        .oneHot(
          tf.tensor1d(
            sequences.map((row) => (row.at(-1) as number) + 1),
            'int32',
          ),
          10,
        )
        .mul(1e4);
      const { tokensB } = sampleToken(logits, tf.tensor1d([0.2, 0.9]), 1);
      tokensB.dataSync().forEach((token, row) => {
        sequences[row]?.push(token);
      });
    }
    expect(sequences).toEqual(tokens);
  });

  it('has no group that is not tested here', () => {
    const tested =
      `rm_pairwise rm_soft_label rm_kwise kl shaped_reward gae whiten ppo_clip value_clip adaptive_kl dpo temperature
      bon_kl gao lora nf4 head_init_std collator loss_agg adam_step1 upstream_openrlhf_agg upstream_openrlhf_policy_loss
      upstream_trl_masked upstream_lhp_sampler`.split(/\s+/);
    expect(Object.keys(v).sort()).toEqual(tested.sort());
  });
});
