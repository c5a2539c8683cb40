/**
 * Scaling law of the gold reward under over-optimisation (Gao et al., arXiv:2210.10760), with d = sqrt(KL(pi || pi_0)):
 * best-of-n R = d (alpha - beta d), RL R = d (alpha - beta ln d).
 */
type GaoLaw = { alpha: number; beta: number };

/** Gold reward of best-of-n at distance d. */
export function bestOfNGoldReward({ alpha, beta }: GaoLaw, d: number): number {
  return d * (alpha - beta * d);
}

/** Gold reward of an RL policy at distance d; 0 at d = 0 (the limit). */
export function rlGoldReward({ alpha, beta }: GaoLaw, d: number): number {
  return d === 0 ? 0 : d * (alpha - beta * Math.log(d));
}

/** Where best-of-n's gold reward is highest: d* = alpha / 2 beta, R* = alpha^2 / 4 beta. */
export function bestOfNPeak({ alpha, beta }: GaoLaw): { distance: number; reward: number } {
  return { distance: alpha / (2 * beta), reward: alpha ** 2 / (4 * beta) };
}

/** Where RL's gold reward is highest: d* = e^(alpha / beta - 1), R* = beta d*. */
export function rlPeak({ alpha, beta }: GaoLaw): { distance: number; reward: number } {
  const distance = Math.exp(alpha / beta - 1);
  return { distance, reward: beta * distance };
}
