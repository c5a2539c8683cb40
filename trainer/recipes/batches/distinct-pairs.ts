import type { RankedPair } from '../../math/ranked-pairs.ts';

/**
 * Pairs whose two sides differ as the model reads them. Cut to the greatest length, different answers can become the same
 * tokens: nothing can be learnt from such a pair, and it would count as half right in every accuracy.
 *
 * @param sequences ids of each response after cutting, [K]
 * @returns the pairs left, their weights summing to 1 again, and how many were dropped
 */
export function distinctPairs(
  pairs: readonly RankedPair[],
  sequences: readonly (readonly number[])[],
): { pairs: RankedPair[]; identical: number } {
  const left = pairs.filter(
    ({ chosen, rejected }) => !areEqual(sequences[chosen] as number[], sequences[rejected] as number[]),
  );
  const identical = pairs.length - left.length;
  if (identical === 0) return { pairs: left, identical };
  const total = left.reduce((sum, { weight }) => sum + weight, 0);
  return { pairs: left.map((pair) => ({ ...pair, weight: pair.weight / total })), identical };
}

function areEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
