/** KL(best-of-n || pi) in nats = log n - (n - 1) / n, whatever the reward (training.md P13; arXiv:2112.00861 app. G). */
export function bestOfNKl(n: number): number {
  if (!Number.isInteger(n) || n < 1) throw new Error(`bestOfNKl: n is ${n}, expected a whole number from 1`);
  return Math.log(n) - (n - 1) / n;
}
