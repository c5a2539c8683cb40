/** Shapes: M responses of all prompts of a step, T width, P their pairs. */
import type { HostTensor } from '../../tensors/compile.ts';
import { floats, ints } from '../run/host-arrays.ts';
import type { RankedRow } from './ranked-rows.ts';
import { type PlacedBatch, packedBatch } from './token-batch.ts';

/** P is rounded up to this with pairs of weight 0, so that a tracing backend meets few shapes. */
const PAIR_STEP = 32;

/**
 * The arrays of one reward-model step. All pairs of a prompt are in it, each weighted so that every prompt counts the same
 * (training.md R4); the margin of an example applies to its decided pairs, not to its ties.
 */
export function rewardBatch(
  rows: readonly RankedRow[],
  { padTokenId, pack, useMargin }: { padTokenId: number; pack: boolean; useMargin: boolean },
): PlacedBatch['arrays'] &
  Record<'lastM' | 'chosenP' | 'rejectedP' | 'targetsP' | 'marginsP' | 'weightsP', HostTensor> & {
    numTokens: number;
  } {
  const sequences = rows.flatMap((row) => row.sequences);
  const { arrays, rowOf } = packedBatch(sequences, { padTokenId, pack });
  const pairs: { chosen: number; rejected: number; target: number; margin: number; weight: number }[] = [];
  let first = 0;
  for (const row of rows) {
    for (const { chosen, rejected, target, weight } of row.pairs) {
      const margin = useMargin && target !== 0.5 ? row.margin : 0;
      const place = { chosen: first + chosen, rejected: first + rejected };
      pairs.push({ ...place, target, margin, weight: weight / rows.length });
    }
    first += row.sequences.length;
  }
  while (pairs.length % PAIR_STEP !== 0)
    pairs.push({ chosen: 0, rejected: 0, target: 0.5, margin: 0, weight: 0 });
  return {
    ...arrays,
    lastM: ints(sequences.map((ids, m) => rowOf(m, ids.length - 1))),
    chosenP: ints(pairs.map((pair) => pair.chosen)),
    rejectedP: ints(pairs.map((pair) => pair.rejected)),
    targetsP: floats(pairs.map((pair) => pair.target)),
    marginsP: floats(pairs.map((pair) => pair.margin)),
    weightsP: floats(pairs.map((pair) => pair.weight)),
    numTokens: sequences.reduce((sum, ids) => sum + ids.length, 0),
  };
}
