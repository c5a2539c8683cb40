/** Statistics over the entries whose mask is not 0. Entries under a 0 are never read: they may hold anything, NaN too. */

/** Number of entries that count. */
export function maskedCount(mask: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) count++;
  return count;
}

/** Sum over the mask; 0 for an empty mask. */
export function maskedSum(x: ArrayLike<number>, mask: ArrayLike<number>): number {
  if (x.length !== mask.length)
    throw new Error(`maskedSum: ${x.length} entries but ${mask.length} mask entries`);
  let sum = 0;
  for (let i = 0; i < x.length; i++) if (mask[i] !== 0) sum += x[i] as number;
  return sum;
}

/** Mean over the mask. @throws for an empty mask: a mean of nothing is a bug upstream, not a 0 */
export function maskedMean(x: ArrayLike<number>, mask: ArrayLike<number>): number {
  const count = maskedCount(mask);
  if (count === 0) throw new Error('maskedMean: every entry is masked');
  return maskedSum(x, mask) / count;
}

/**
 * Variance over the mask, two passes. `unbiased` divides by n - 1.
 * @throws for fewer than 1 entry, or fewer than 2 when unbiased
 */
export function maskedVariance(
  x: ArrayLike<number>,
  mask: ArrayLike<number>,
  { unbiased }: { unbiased: boolean },
): number {
  const count = maskedCount(mask);
  const divisor = unbiased ? count - 1 : count;
  if (divisor < 1) {
    throw new Error(`maskedVariance: ${count} unmasked entries, expected at least ${unbiased ? 2 : 1}`);
  }
  const mean = maskedMean(x, mask);
  let sum = 0;
  for (let i = 0; i < x.length; i++) if (mask[i] !== 0) sum += ((x[i] as number) - mean) ** 2;
  return sum / divisor;
}

/** Largest |a - b| over the mask; 0 for an empty mask, NaN if any of the differences is. */
export function maskedMaxDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  mask: ArrayLike<number>,
): number {
  let largest = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 0) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  }
  return largest;
}
