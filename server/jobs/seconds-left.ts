/** Seconds until all is done, at the pace so far; null before the first part is. `startedAt` and `now` are UTC ms. */
export function secondsLeft(
  { done, total, startedAt }: { done: number; total: number; startedAt: number },
  now: number,
): number | null {
  return done === 0 ? null : ((now - startedAt) / 1000 / done) * (total - done);
}
