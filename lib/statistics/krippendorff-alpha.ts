import type { Defined, RatedUnit } from './rated-unit.ts';

/** How far apart two values are: different or not, by the ranks between them, by their squared distance. */
export const ALPHA_LEVELS = ['nominal', 'ordinal', 'interval'] as const;
export type AlphaLevel = (typeof ALPHA_LEVELS)[number];

/**
 * Krippendorff's alpha, 1 - observed / expected disagreement, for any number of raters and with missing values (K. Krippendorff,
 * "Content Analysis", 4th ed. 2019, chapter 12; the coincidence matrix of its computation by hand).
 * @param units weight counts a unit as often as it says: of a bootstrap, how often it was drawn
 */
export function krippendorffAlpha(units: readonly RatedUnit[], level: AlphaLevel): Defined {
  const paired = units.filter(({ values, weight }) => weight > 0 && values.length > 1);
  if (paired.length === 0) return { undefined: 'nothing was judged by two people' };
  const categories = [...new Set(paired.flatMap(({ values }) => values))].sort((a, b) => a - b);
  if (categories.length === 1) return { undefined: 'everybody always said the same' };
  const at = new Map(categories.map((value, k) => [value, k]));
  const size = categories.length;
  const coincidences = new Float64Array(size * size);
  for (const { values, weight } of paired) {
    const counts = countsOf(values, at, size);
    for (let c = 0; c < size; c++) {
      for (let k = 0; k < size; k++) {
        const pairs = (counts[c] as number) * ((counts[k] as number) - (c === k ? 1 : 0));
        coincidences[c * size + k] =
          (coincidences[c * size + k] as number) + (weight * pairs) / (values.length - 1);
      }
    }
  }
  const totals = Array.from({ length: size }, (_, c) =>
    coincidences.subarray(c * size, (c + 1) * size).reduce((a, b) => a + b, 0),
  );
  const total = totals.reduce((a, b) => a + b, 0);
  let [observed, expected] = [0, 0];
  for (let c = 0; c < size; c++) {
    for (let k = 0; k < size; k++) {
      const distance = DISTANCE[level]({ categories, totals }, c, k);
      observed += (coincidences[c * size + k] as number) * distance;
      expected += ((totals[c] as number) * (totals[k] as number) * distance) / (total - 1);
    }
  }
  return { value: 1 - observed / expected };
}

type Scale = { categories: readonly number[]; totals: readonly number[] };

const DISTANCE: Record<AlphaLevel, (scale: Scale, c: number, k: number) => number> = {
  nominal: (_, c, k) => (c === k ? 0 : 1),
  ordinal: ({ totals }, c, k) => {
    const [from, to] = [Math.min(c, k), Math.max(c, k)];
    const between = totals.slice(from, to + 1).reduce((a, b) => a + b, 0);
    return c === k ? 0 : (between - ((totals[from] as number) + (totals[to] as number)) / 2) ** 2;
  },
  interval: ({ categories }, c, k) => ((categories[c] as number) - (categories[k] as number)) ** 2,
};

function countsOf(values: readonly number[], at: ReadonlyMap<number, number>, size: number): Float64Array {
  const counts = new Float64Array(size);
  for (const value of values) {
    const k = at.get(value) as number;
    counts[k] = (counts[k] as number) + 1;
  }
  return counts;
}
