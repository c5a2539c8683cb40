/**
 * Proportional controller of the KL coefficient (arXiv:1909.08593 section 2.2; lm-human-preferences
 * lm_human_preferences/train_policy.py:115-124; training.md P11): e = clip(KL / target - 1, -0.2, 0.2),
 * beta <- beta * (1 + e * n / horizon).
 *
 * @param observedKl mean over episodes of the SUM over tokens, in nats
 * @param numEpisodes episodes since the last call
 */
export function nextKlCoefficient(args: {
  coefficient: number;
  observedKl: number;
  target: number;
  horizon: number;
  numEpisodes: number;
}): number {
  const { coefficient, observedKl, target, horizon, numEpisodes } = args;
  const error = Math.min(0.2, Math.max(-0.2, observedKl / target - 1));
  return coefficient * (1 + (error * numEpisodes) / horizon);
}
