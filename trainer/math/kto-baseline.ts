/**
 * z of KTO: an estimate of KL(pi, ref) from completions that do not belong to their prompts, never below 0
 * (arXiv:2402.01306 section 4.1; max(0, mean) as TRL and the authors' code take it).
 *
 * @param mismatchedRatios log pi - log ref of completion mismatchedWith(i, B) after prompt i, in nats
 */
export function ktoBaseline(mismatchedRatios: readonly number[]): number {
  if (mismatchedRatios.length === 0) return 0;
  return Math.max(0, mismatchedRatios.reduce((sum, ratio) => sum + ratio, 0) / mismatchedRatios.length);
}

/**
 * Whose completion stands after prompt i: the next row's, the last takes the first's. From two rows on none gets its own, also
 * with an odd number of rows. @throws RangeError for fewer than two rows, where there is no other completion
 */
export function mismatchedWith(i: number, numRows: number): number {
  if (numRows < 2) throw new RangeError(`KTO needs at least 2 rows in a batch, got ${numRows}`);
  return (i + 1) % numRows;
}
