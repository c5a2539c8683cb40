/** One ordered pair of a ranking: indices of its responses, and the probability that the first is the better. */
export type RankedPair = { chosen: number; rejected: number; target: number; weight: number };

/**
 * All C(K,2) pairs of one ranking, each weighted so that they sum to 1: a prompt counts the same whatever its K
 * (training.md R4, InstructGPT section 3.5). Ties become pairs of target 0.5 (R6) or are left out.
 *
 * @param ranks place of each response, 0 = best, equal = tie, [K]
 * @returns empty when nothing is left (all tied and ties left out)
 */
export function rankedPairs(ranks: readonly number[], { useTies }: { useTies: boolean }): RankedPair[] {
  const pairs: RankedPair[] = [];
  for (let i = 0; i < ranks.length; i++) {
    for (let j = i + 1; j < ranks.length; j++) {
      const a = ranks[i] as number;
      const b = ranks[j] as number;
      if (a === b && !useTies) continue;
      const [chosen, rejected] = a <= b ? [i, j] : [j, i];
      pairs.push({ chosen, rejected, target: a === b ? 0.5 : 1, weight: 0 });
    }
  }
  for (const pair of pairs) pair.weight = 1 / pairs.length;
  return pairs;
}
