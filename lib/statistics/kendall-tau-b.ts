import type { Defined } from './rated-unit.ts';

/**
 * Kendall's tau-b of two rankings of the same things, ties allowed: (concordant - discordant) / sqrt of the pairs that each does not
 * tie (M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945).
 * @param ranks, others places; lower is better in both, or higher in both
 */
export function kendallTauB(ranks: readonly number[], others: readonly number[]): Defined {
  if (ranks.length !== others.length)
    throw new Error(`kendallTauB: ${ranks.length} places and ${others.length} are not of the same things`);
  let [difference, untied, othersUntied] = [0, 0, 0];
  for (let i = 0; i < ranks.length; i++) {
    for (let j = i + 1; j < ranks.length; j++) {
      const here = Math.sign((ranks[i] as number) - (ranks[j] as number));
      const there = Math.sign((others[i] as number) - (others[j] as number));
      difference += here * there;
      untied += here === 0 ? 0 : 1;
      othersUntied += there === 0 ? 0 : 1;
    }
  }
  if (untied === 0 || othersUntied === 0) return { undefined: 'one of both ties everything' };
  return { value: difference / Math.sqrt(untied * othersUntied) };
}
