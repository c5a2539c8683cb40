/** 97.5th percentile of the standard normal: two-sided 95 %. */
const Z_95 = 1.959963984540054;

/**
 * Wilson score interval of a proportion (Wilson 1927); stays inside [0, 1] and is usable for small n and for p near 0 or 1.
 *
 * @param successes may be fractional (ties count half)
 * @param trials at least 1
 */
export function wilsonInterval(successes: number, trials: number, z = Z_95): { low: number; high: number } {
  if (!(trials >= 1) || successes < 0 || successes > trials) {
    throw new Error(`wilsonInterval: ${successes} successes of ${trials} trials is not a proportion`);
  }
  const p = successes / trials;
  const z2 = z * z;
  const centre = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (z / (1 + z2 / trials)) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
