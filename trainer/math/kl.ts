/**
 * Estimators of KL(pi || ref) from the log-probabilities of tokens drawn from pi (training.md P9;
 * http://joschu.net/blog/kl-approx.html). With r = log ref - log pi: k1 = -r, k2 = r^2 / 2, k3 = e^r - 1 - r.
 * k1 goes into the reward (unbiased, gradient too), k3 is logged (never negative, low variance).
 */

/** r is held within this, so that one absurd token cannot overflow k3 (verl clamps the same way). */
const MAX_LOG_RATIO = 20;

/** One token, in nats; unbiased, either sign. */
export function k1(logProb: number, refLogProb: number): number {
  return logProb - refLogProb;
}

/** One token, in nats; biased, never negative. */
export function k2(logProb: number, refLogProb: number): number {
  return (logProb - refLogProb) ** 2 / 2;
}

/** One token, in nats; unbiased, never negative. */
export function k3(logProb: number, refLogProb: number): number {
  const r = Math.min(MAX_LOG_RATIO, Math.max(-MAX_LOG_RATIO, refLogProb - logProb));
  return Math.expm1(r) - r;
}
