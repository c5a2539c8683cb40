/** 97.5th percentile of the standard normal: two-sided 95 %. */
const Z_95 = 1.959963984540054;

/**
 * Mean of independent values with its 95 % interval by the central limit theorem, mean -+ z s / sqrt(n), s with n - 1. Of fewer than
 * about 30 values it is somewhat too narrow; of one there is none.
 *
 * @param values at least one, all finite
 */
export function meanInterval(values: readonly number[]): {
  mean: number;
  bounds: { low: number; high: number } | null;
} {
  const n = values.length;
  if (n === 0 || !values.every(Number.isFinite)) {
    throw new Error(`meanInterval: expected one finite value or more, got ${n} values`);
  }
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return { mean, bounds: null };
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const half = Z_95 * Math.sqrt(variance / n);
  return { mean, bounds: { low: mean - half, high: mean + half } };
}
