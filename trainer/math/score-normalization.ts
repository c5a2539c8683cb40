/**
 * Gain and bias that bring scores of reference samples to mean 0, std 1 (training.md R10; lm-human-preferences
 * lm_human_preferences/rewards.py): normalised = gain * score + bias, gain = 1 / std, bias = -gain * mean.
 *
 * @param scores of samples of the reference policy, at least 2
 * @throws when they are all equal: a model that gives one score to everything cannot be scaled
 */
export function scoreNormalization(scores: ArrayLike<number>): { gain: number; bias: number } {
  const n = scores.length;
  if (n < 2) throw new Error(`scoreNormalization: ${n} scores, expected at least 2`);
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (scores[i] as number) / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += ((scores[i] as number) - mean) ** 2 / n;
  const gain = 1 / Math.sqrt(variance);
  if (!Number.isFinite(gain) || gain > 1e6) {
    throw new Error(
      `scoreNormalization: the standard deviation of ${n} scores is ${Math.sqrt(variance)}, expected more than 1e-6`,
    );
  }
  return { gain, bias: -gain * mean };
}
