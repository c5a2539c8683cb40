/** Shapes: S completions of all prompts of a step, P their pairs. */
import type { HostTensor } from '../../tensors/compile.ts';
import { type CompletionBatch, completionBatch } from '../batches/completion-batch.ts';
import type { RankedRow } from '../batches/ranked-rows.ts';
import { floats, ints } from '../run/host-arrays.ts';

/** P is rounded up to this with pairs of weight 0, so that a tracing backend meets few shapes. */
const PAIR_STEP = 8;

/** Which completion is the chosen one of each pair, which the rejected one, and what the pair weighs. */
export type PairPlaces = Record<'chosenP' | 'rejectedP' | 'isTieP' | 'weightsP', HostTensor>;

/**
 * The arrays of one step on ranked answers: every answer once, and all pairs of a prompt, weighted so that every prompt counts
 * the same (training.md R4).
 *
 * @param numRows rows of the whole step; each weighs 1 / numRows
 */
export function pairBatch(
  rows: readonly RankedRow[],
  { padTokenId, pack, numRows }: { padTokenId: number; pack: boolean; numRows: number },
): CompletionBatch & PairPlaces {
  const completions = completionBatch(rows.flatMap(completionsOf), { padTokenId, pack });
  const pairs: { chosen: number; rejected: number; isTie: number; weight: number }[] = [];
  let first = 0;
  for (const { sequences, pairs: own } of rows) {
    for (const { chosen, rejected, target, weight } of own)
      pairs.push({
        chosen: first + chosen,
        rejected: first + rejected,
        isTie: target === 0.5 ? 1 : 0,
        weight: weight / numRows,
      });
    first += sequences.length;
  }
  while (pairs.length % PAIR_STEP !== 0) pairs.push({ chosen: 0, rejected: 0, isTie: 0, weight: 0 });
  return {
    ...completions,
    chosenP: ints(pairs.map(({ chosen }) => chosen)),
    rejectedP: ints(pairs.map(({ rejected }) => rejected)),
    isTieP: floats(pairs.map(({ isTie }) => isTie)),
    weightsP: floats(pairs.map(({ weight }) => weight)),
  };
}

/** The answers of a ranked row as completions of its prompt. */
export function completionsOf({ sequences, promptLength }: RankedRow) {
  return sequences.map((ids) => ({
    promptIds: ids.slice(0, promptLength),
    responseIds: ids.slice(promptLength),
  }));
}
