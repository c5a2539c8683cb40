/** 97.5th percentile of the standard normal: two-sided 95 %. */
const Z_95 = 1.959963984540054;

/** The same of Student's t with 1, 2, 3, ... degrees of freedom (scipy.stats.t.ppf). */
const T_95 = [
  12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814, 2.20099, 2.17881,
  2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596, 2.07961, 2.07387, 2.06866, 2.0639,
  2.05954, 2.05553, 2.05183, 2.04841, 2.04523, 2.04227,
];

/**
 * Mean of independent values with its 95 % interval, mean -+ t s / sqrt(n), s with n - 1 and t with n - 1 degrees of freedom (Student,
 * Biometrika 6, 1908); of one value there is none.
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
  const half = t95(n - 1) * Math.sqrt(variance / n);
  return { mean, bounds: { low: mean - half, high: mean + half } };
}

/** Beyond the table by its expansion about the normal (Abramowitz and Stegun 26.7.5), right to 1e-5 there. */
function t95(degrees: number): number {
  const known = T_95[degrees - 1];
  if (known !== undefined) return known;
  const z = Z_95;
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  );
}
