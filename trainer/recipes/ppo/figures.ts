/** Figures of a PPO run under TRL's names (docs/metrics.md), all over action tokens only. Shapes: B episodes, M places. */

import type { PpoConfig } from '../../config/ppo.ts';
import type { Sample } from '../../events.ts';
import { explainedVariance } from '../../math/explained-variance.ts';
import { k1, k3 } from '../../math/kl.ts';
import { maskedMean } from '../../math/masked.ts';
import { policyDiagnostics, valueClipFraction } from '../../math/ppo-diagnostics.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import type { Judged } from '../rollouts/respond.ts';
import { scalarOf } from '../run/host-arrays.ts';

/** What one minibatch did to the policy and the critic. */
export function updateFigures(args: {
  policyOutput: Record<'loss' | 'gradNorm' | 'logProbsM' | 'entropyM', HostTensor>;
  criticOutput: Record<'valueLoss' | 'gradNorm' | 'valuesM', HostTensor>;
  old: { logProbsM: ArrayLike<number>; valuesM: ArrayLike<number> };
  advantages: ArrayLike<number>;
  returns: ArrayLike<number>;
  maskM: ArrayLike<number>;
  config: PpoConfig;
}) {
  const { policyOutput, criticOutput, old, advantages, returns, maskM, config } = args;
  const diagnostics = policyDiagnostics({
    logProbs: policyOutput.logProbsM.data,
    oldLogProbs: old.logProbsM,
    advantages,
    mask: maskM,
    clipRange: config.clipRange,
  });
  return {
    'loss/policy_avg': scalarOf(policyOutput.loss),
    'loss/value_avg': scalarOf(criticOutput.valueLoss),
    'policy/approxkl_avg': diagnostics.approxKl,
    'policy/approxkl_k3_avg': diagnostics.approxKlK3,
    'policy/clipfrac_avg': diagnostics.clipFraction,
    'policy/entropy_avg': maskedMean(policyOutput.entropyM.data, maskM),
    'policy/grad_norm': scalarOf(policyOutput.gradNorm),
    'critic/grad_norm': scalarOf(criticOutput.gradNorm),
    'val/ratio': diagnostics.ratio,
    'val/ratio_var': diagnostics.ratioVariance,
    'val/clipfrac_avg': valueClipFraction({
      values: criticOutput.valuesM.data,
      oldValues: old.valuesM,
      returns,
      mask: maskM,
      clipRange: config.valueClipRange,
    }),
  };
}

/** What the rollout was worth, and its episodes as samples, with every part of their reward. */
export function rolloutFigures(args: {
  judged: readonly Judged[];
  logProbsM: ArrayLike<number>;
  refLogProbsM: ArrayLike<number>;
  valuesM: ArrayLike<number>;
  returnsM: ArrayLike<number>;
  maskM: ArrayLike<number>;
  responseWidth: number;
  klCoefficient: number;
}): { metrics: Record<string, number>; samples: Sample[] } {
  const { judged, logProbsM, refLogProbsM, valuesM, returnsM, maskM, responseWidth, klCoefficient } = args;
  const sums = judged.map(({ responseIds }, b) => {
    const sum = { kl: 0, klK3: 0, surprise: 0 };
    for (let i = b * responseWidth; i < b * responseWidth + responseIds.length; i++) {
      const logProb = logProbsM[i] as number;
      sum.kl += k1(logProb, refLogProbsM[i] as number);
      sum.klK3 += k3(logProb, refLogProbsM[i] as number);
      sum.surprise -= logProb;
    }
    return sum;
  });
  const penalties = sums.map(({ kl }) => -klCoefficient * kl);
  const totals = judged.map(({ finalScore }, b) => finalScore + (penalties[b] ?? 0));
  const samples = judged.map(
    ({ prompt, text, responseIds, ended, score, finalScore, trueReward }, b): Sample => ({
      prompt: prompt
        .map(({ role, content }) => (prompt.length > 1 ? `${role}: ${content}` : content))
        .join('\n'),
      response: text,
      figures: {
        score,
        finalScore,
        kl: sums[b]?.kl ?? 0,
        klPenalty: penalties[b] ?? 0,
        totalReward: totals[b] ?? 0,
        trueReward,
        numTokens: responseIds.length,
        ended: ended ? 1 : 0,
      },
    }),
  );
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const std = (values: readonly number[]) => Math.sqrt(mean(values.map((x) => (x - mean(values)) ** 2)));
  const lengths = judged.map(({ responseIds }) => responseIds.length);
  const explained = explainedVariance({ values: valuesM, returns: returnsM, mask: maskM });
  const trueRewards = judged.flatMap(({ trueReward }) => (trueReward === null ? [] : [trueReward]));
  return {
    samples,
    metrics: {
      'objective/kl': mean(sums.map(({ kl }) => kl)),
      'objective/kl_k3': mean(sums.map(({ klK3 }) => klK3)),
      'objective/kl_coef': klCoefficient,
      'objective/entropy': mean(sums.map(({ surprise }) => surprise)),
      'objective/non_score_reward': mean(penalties),
      'objective/rlhf_reward': mean(totals),
      'objective/scores': mean(judged.map(({ finalScore }) => finalScore)),
      'objective/scores_std': std(judged.map(({ finalScore }) => finalScore)),
      'objective/raw_scores': mean(judged.map(({ score }) => score)),
      ...(trueRewards.length > 0 ? { 'objective/true_reward': mean(trueRewards) } : {}),
      'val/num_eos_tokens': judged.filter(({ ended }) => ended).length,
      // returns that do not vary explain nothing: no figure then
      ...(Number.isNaN(explained) ? {} : { 'val/var_explained': explained }),
      'tokens/responses_len_mean': mean(lengths),
      'tokens/responses_len_std': std(lengths),
    },
  };
}

/** Mean of each figure over the minibatches of a rollout. */
export function meanFigures<Name extends string>(all: readonly Record<Name, number>[]): Record<Name, number> {
  const means = {} as Record<Name, number>;
  for (const name of Object.keys(all[0] ?? {}) as Name[]) {
    means[name] = all.reduce((sum, figures) => sum + figures[name], 0) / all.length;
  }
  return means;
}

export type BestSoFar = { trueReward: number; proxyReward: number } | null;

/** A loss of true reward this large, as a share of the best, is not sampling noise on fixed prompts and fixed draws. */
const LOST_SHARE = 0.05;

/**
 * The over-optimisation watch: proxy up while truth has come down from its best (training.md section 4, Gao et al.).
 *
 * @returns the best so far, and what to warn of, if anything
 */
export function watchOverOptimization(
  best: BestSoFar,
  evaluation: Record<string, number>,
): { best: BestSoFar; message: string | null } {
  const trueReward = evaluation['eval/true_reward'];
  const proxyReward = evaluation['eval/proxy_reward'];
  if (trueReward === undefined || proxyReward === undefined) return { best, message: null };
  if (best === null || trueReward > best.trueReward)
    return { best: { trueReward, proxyReward }, message: null };
  const lost = best.trueReward - trueReward;
  if (lost <= LOST_SHARE * Math.abs(best.trueReward) || proxyReward <= best.proxyReward)
    return { best, message: null };
  const message = `over-optimisation: since its best the true reward fell from ${best.trueReward.toFixed(4)} to ${trueReward.toFixed(4)} while the proxy rose from ${best.proxyReward.toFixed(4)} to ${proxyReward.toFixed(4)}`;
  return { best, message };
}
