import type { Defined, RatedUnit } from './rated-unit.ts';

/** How much an answer near another counts as the same: not at all (AC1), by the ranks between, by squared distance (both AC2). */
export const AC_WEIGHTS = ['identity', 'ordinal', 'quadratic'] as const;
export type AcWeights = (typeof AC_WEIGHTS)[number];

/**
 * Gwet's AC1 and AC2: agreement beyond chance whose chance does not run away when one answer is common, for any number of raters and
 * with missing values (K. L. Gwet, "Handbook of Inter-Rater Reliability", 4th ed. 2014, 2.4, 3.6 and 5.3).
 * @param units weight counts a unit as often as it says
 * @param categories the whole scale in order, used or not: chance depends on how many there are
 */
export function gwetAc(
  units: readonly RatedUnit[],
  { categories, weights }: { categories: readonly number[]; weights: AcWeights },
): Defined {
  const rated = units.filter(({ values, weight }) => weight > 0 && values.length > 0);
  const paired = rated.reduce((sum, { values, weight }) => sum + (values.length > 1 ? weight : 0), 0);
  if (paired === 0) return { undefined: 'nothing was judged by two people' };
  const size = categories.length;
  if (size < 2) return { undefined: 'the scale has one answer only' };
  const at = new Map(categories.map((value, k) => [value, k]));
  const similarity = categories.map((_, c) =>
    categories.map((_, k) => SIMILARITY[weights](categories, c, k)),
  );
  const shares = new Float64Array(size);
  let agreed = 0;
  for (const { values, weight } of rated) {
    const counts = new Float64Array(size);
    for (const value of values) {
      const k = at.get(value);
      if (k === undefined) throw new Error(`gwetAc: ${value} is not on the scale ${categories.join(', ')}`);
      counts[k] = (counts[k] as number) + 1;
      shares[k] = (shares[k] as number) + weight / values.length;
    }
    if (values.length < 2) continue;
    for (let k = 0; k < size; k++) {
      const alike = counts.reduce((sum, count, l) => sum + count * (similarity[k]?.[l] as number), 0);
      agreed += (weight * (counts[k] as number) * (alike - 1)) / (values.length * (values.length - 1));
    }
  }
  const total = rated.reduce((sum, { weight }) => sum + weight, 0);
  const spread = shares.reduce((sum, share) => sum + (share / total) * (1 - share / total), 0);
  const weightSum = similarity.flat().reduce((a, b) => a + b, 0);
  const chance = (weightSum / (size * (size - 1))) * spread;
  return { value: (agreed / paired - chance) / (1 - chance) };
}

const SIMILARITY: Record<AcWeights, (categories: readonly number[], c: number, k: number) => number> = {
  identity: (_, c, k) => (c === k ? 1 : 0),
  ordinal: ({ length }, c, k) => 1 - pairsOf(Math.abs(c - k) + 1) / pairsOf(length),
  quadratic: (categories, c, k) => {
    const range = (categories.at(-1) as number) - (categories[0] as number);
    return 1 - (((categories[c] as number) - (categories[k] as number)) / range) ** 2;
  },
};

function pairsOf(n: number): number {
  return (n * (n - 1)) / 2;
}
