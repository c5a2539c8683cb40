/**
 * What must not matter does not: how a step is cut into parts (training.md P26), who else is in the batch and how rows are
 * padded (R13), what lies under a mask.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { crossEntropy } from '../../trainer/losses/cross-entropy.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadPretrained, type PretrainedModel } from '../../trainer/model/files/load-pretrained.ts';
import { addScoreHead } from '../../trainer/model/heads.ts';
import { copyParams, disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { embedding } from '../../trainer/ops/embedding.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { answerBatch } from '../../trainer/recipes/batches/answer-batch.ts';
import { createScorer } from '../../trainer/recipes/rollouts/create-scorer.ts';
import { estimateAdvantages } from '../../trainer/recipes/rollouts/estimate-advantages.ts';
import { compile, type HostTensor } from '../../trainer/tensors/compile.ts';
import type { Tensor } from '../../trainer/tensors/tf.ts';
import { writeTinyModel } from './tiny-world.ts';

let folder: string;
let model: PretrainedModel;
beforeAll(async () => {
  await chooseBackend('simd');
  folder = mkdtempSync(join(tmpdir(), 'plumbline-invariance-'));
  model = loadPretrained(await writeTinyModel(join(folder, 'base')));
});
afterAll(() => {
  disposeParams(model.params);
  rmSync(folder, { recursive: true, force: true });
});

/** Rows of uneven length. */
function randomRows(count: number): { promptIds: number[]; responseIds: number[] }[] {
  const rng = createRng(9, 'rows');
  const ids = (length: number) => Array.from({ length }, () => 6 + rng.integer(250));
  return Array.from({ length: count }, () => ({
    promptIds: ids(1 + rng.integer(9)),
    responseIds: ids(1 + rng.integer(20)),
  }));
}

function expectAllClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs((actual[i] as number) - (expected[i] as number)));
  }
  expect(worst).toBeLessThan(tolerance);
}

describe('gradient accumulation', () => {
  it('8 rows at once, 8 times one row and two uneven shards give one loss and one gradient', async () => {
    const { params, config } = model;
    const names = Object.keys(params);
    type Inputs = TokenBatch & { rowsM: Tensor; targetsM: Tensor; weightsM: Tensor };
    const gradients = compile('gradients', ({ rowsM, targetsM, weightsM, ...batch }: Inputs) => {
      const { loss, grads } = valueAndGrads(params, () => {
        const logits = lmLogits(params, config, embedding(forwardHidden(params, config, batch), rowsM));
        return { loss: crossEntropy(tokenLogProbs(logits, targetsM), weightsM) };
      });
      return { loss: loss as Tensor, ...grads };
    });
    const rows = randomRows(8);
    const numTokens = rows.reduce((sum, { responseIds }) => sum + responseIds.length, 0);
    const parts = async (cuts: number[]) => {
      const sum: Record<string, Float64Array> = {};
      for (const [i, to] of cuts.slice(1).entries()) {
        const batch = answerBatch(rows.slice(cuts[i], to), { padTokenId: 0, pack: true, numTokens });
        const outputs = (await gradients(batch)) as Record<string, HostTensor>;
        for (const name of ['loss', ...names]) {
          const { data } = outputs[name] as HostTensor;
          const total = sum[name] ?? new Float64Array(data.length);
          sum[name] = total;
          data.forEach((x, j) => {
            total[j] = (total[j] as number) + x;
          });
        }
      }
      return sum;
    };
    const whole = await parts([0, 8]);
    for (const cuts of [
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
      [0, 3, 8],
    ]) {
      const cut = await parts(cuts);
      for (const name of ['loss', ...names]) {
        expectAllClose(cut[name] as Float64Array, whole[name] as Float64Array, 2e-5);
      }
    }
  });
});

describe('reward scores', () => {
  it('do not depend on batch mates, on padding or on what the pads are', async () => {
    const { params, config } = addScoreHead(copyParams(model.params), model.config, createRng(2, 'head'));
    const rows = randomRows(40).map(({ promptIds, responseIds }) => [...promptIds, ...responseIds]);
    const score = createScorer({ params, config, padTokenId: 0 });
    const together = await score(rows);
    expect(new Set(together).size).toBeGreaterThan(30);
    const alone: number[] = [];
    for (const row of rows) alone.push(...(await score([row])));
    expectAllClose(alone, together, 1e-5);
    expectAllClose((await score([...rows].reverse())).reverse(), together, 1e-5);
    expect(await createScorer({ params, config, padTokenId: 77 })(rows)).toEqual(together);
    disposeParams(params);
  });
});

describe('advantages', () => {
  it('are bit-equal whatever lies under the mask, and 0 there', () => {
    const rng = createRng(4, 'advantages');
    const maskM = Float32Array.from([1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    const clean = maskM.map(() => 0);
    const filled = (base: Float32Array, dirt: number) => base.map((x, i) => (maskM[i] ? x : dirt));
    const [logProbs, ref, values] = [0, 1, 2].map(() => clean.map(() => rng.normal())) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    for (const whitenRewards of [false, true]) {
      const of = (dirt: number) =>
        estimateAdvantages({
          logProbsM: filled(logProbs, dirt),
          refLogProbsM: filled(ref, -dirt),
          valuesM: filled(values, dirt),
          maskM,
          scores: [1, -2, 0.5],
          responseWidth: 5,
          beta: 0.1,
          gamma: 0.99,
          lambda: 0.9,
          whitenRewards,
        });
      expect(of(1e30)).toEqual(of(0));
      expect(of(Number.NaN)).toEqual(of(0));
      of(0).advantagesM.forEach((advantage, i) => {
        if (!maskM[i]) expect(advantage).toBe(0);
      });
    }
  });
});
