/** Shapes: B episodes, R longest response, M = B*R. */
import { gae } from '../../math/gae.ts';
import { shapedRewards } from '../../math/shaped-reward.ts';
import { whiten } from '../../math/whiten.ts';

/**
 * Advantages and returns of a whole rollout: KL-shaped rewards with the score at the last action token (training.md P8),
 * optional reward whitening with the mean kept (P20), GAE (P21), advantages whitened over all action tokens of the rollout,
 * not per minibatch (P22).
 *
 * @param logProbsM, refLogProbsM, valuesM, maskM [M]; entries under mask 0 are not read
 * @param scores final score of each episode, [B]
 * @returns both [M], 0 under the mask
 */
export function estimateAdvantages(args: {
  logProbsM: ArrayLike<number>;
  refLogProbsM: ArrayLike<number>;
  valuesM: ArrayLike<number>;
  maskM: ArrayLike<number>;
  scores: readonly number[];
  responseWidth: number;
  beta: number;
  gamma: number;
  lambda: number;
  whitenRewards: boolean;
}): { advantagesM: Float64Array; returnsM: Float64Array } {
  const { logProbsM, refLogProbsM, valuesM, maskM, scores, responseWidth, beta, gamma, lambda } = args;
  const rowOf = (x: ArrayLike<number>, b: number) =>
    Float64Array.from({ length: responseWidth }, (_, t) => x[b * responseWidth + t] as number);
  let rewardsM = new Float64Array(maskM.length);
  scores.forEach((score, b) => {
    const length = rowOf(maskM, b).reduce((sum, m) => sum + m, 0);
    const logProbs = rowOf(logProbsM, b);
    const refLogProbs = rowOf(refLogProbsM, b);
    rewardsM.set(shapedRewards({ logProbs, refLogProbs, length, score, beta }), b * responseWidth);
  });
  if (args.whitenRewards) {
    rewardsM = Float64Array.from(whiten(rewardsM, maskM, { unbiased: true, shiftMean: false }));
  }
  const rawM = new Float64Array(maskM.length);
  const returnsM = new Float64Array(maskM.length);
  scores.forEach((_, b) => {
    const row = { values: rowOf(valuesM, b), rewards: rowOf(rewardsM, b), mask: rowOf(maskM, b) };
    const { advantages, returns } = gae({ ...row, gamma, lambda });
    rawM.set(advantages, b * responseWidth);
    returnsM.set(returns, b * responseWidth);
  });
  return { advantagesM: whiten(rawM, maskM, { unbiased: true, shiftMean: true }), returnsM };
}
