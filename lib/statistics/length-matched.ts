import type { Defined } from './rated-unit.ts';

/** Two answers are of like length where they differ by fewer characters. */
const LIKE_LENGTH = 50;

/** Pairs of like length, by which of both is the better: the shorter, neither, the longer. */
export const STRATA = ['shorter', 'equal', 'longer'] as const;
export type Stratum = (typeof STRATA)[number];

/** Sum of the weights of a stratum's pairs, and of weight * right. */
export type StratumSums = Record<Stratum, { weight: number; right: number }>;

/** @param lengths characters of the better answer and of the other; @returns null where they are not of like length */
export function stratumOf([better, other]: readonly [number, number]): Stratum | null {
  const difference = better - other;
  if (Math.abs(difference) >= LIKE_LENGTH) return null;
  return difference === 0 ? 'equal' : difference > 0 ? 'longer' : 'shorter';
}

/**
 * Accuracy that length cannot win: over pairs of like length, those whose better answer is the longer and those whose better answer is
 * the shorter counting half each, pairs of equal length as they are:
 * ((W_shorter + W_longer) (a_shorter + a_longer) / 2 + W_equal a_equal) / W. Whoever goes by length alone gets exactly 0.5, however short all
 * answers are; without the balance that holds only where the shorter answer is as often the better.
 */
export function lengthMatchedAccuracy({ shorter, equal, longer }: StratumSums): Defined {
  const unequal = shorter.weight + longer.weight;
  if (unequal + equal.weight === 0) return { undefined: 'no two answers are of like length' };
  if (unequal > 0 && (shorter.weight === 0 || longer.weight === 0)) {
    const always = shorter.weight === 0 ? 'longer' : 'shorter';
    return { undefined: `of answers of like length the ${always} is always better` };
  }
  const balanced = unequal > 0 ? (shorter.right / shorter.weight + longer.right / longer.weight) / 2 : 0;
  return { value: (unequal * balanced + equal.right) / (unequal + equal.weight) };
}
