/** How often the preferred response scores higher, over n pairs; counts, so that batches add up by example (R15). */
export type PairCounts = { pairs: number; wins: number; ties: number };

/** Counts of one set of pairs. NaN scores count as losses. */
export function countPairs(chosen: ArrayLike<number>, rejected: ArrayLike<number>): PairCounts {
  if (chosen.length !== rejected.length) {
    throw new Error(`countPairs: ${chosen.length} chosen but ${rejected.length} rejected scores`);
  }
  let wins = 0;
  let ties = 0;
  for (let i = 0; i < chosen.length; i++) {
    const a = chosen[i] as number;
    const b = rejected[i] as number;
    if (a > b) wins++;
    else if (a === b) ties++;
  }
  return { pairs: chosen.length, wins, ties };
}

/** Strict: equal scores are wrong (TRL). A constant model gets 0. */
export function strictAccuracy({ pairs, wins }: PairCounts): number {
  return pairs === 0 ? Number.NaN : wins / pairs;
}

/** Equal scores are half right: a constant model gets 0.5, as guessing would. */
export function tiesHalfAccuracy({ pairs, wins, ties }: PairCounts): number {
  return pairs === 0 ? Number.NaN : (wins + ties / 2) / pairs;
}
