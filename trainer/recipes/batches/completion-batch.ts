/** Shapes: S completions, M their tokens, N tokens computed. */
import type { HostTensor } from '../../tensors/compile.ts';
import { floats, ints } from '../run/host-arrays.ts';
import { answerBatch } from './answer-batch.ts';
import type { PlacedBatch } from './token-batch.ts';

/** A prompt as the model meets it, and one completion of it with its end token. */
export type CompletionRow = { promptIds: readonly number[]; responseIds: readonly number[] };

export type CompletionBatch = PlacedBatch['arrays'] &
  Record<'rowsM' | 'targetsM' | 'countsM' | 'sequenceM' | 'lengthsS', HostTensor>;

/**
 * Completions for their summed log-probabilities: where their tokens are predicted, which completion each of them is of (`sequenceM`),
 * and 1 for a token, 0 for what fills M up (`countsM`). Answers to one prompt stand together, so that a packing shares it.
 */
export function completionBatch(
  rows: readonly CompletionRow[],
  { padTokenId, pack }: { padTokenId: number; pack: boolean },
): CompletionBatch {
  const { weightsM: countsM, ...batch } = answerBatch(rows, { padTokenId, pack, numTokens: 1 });
  const sequenceM = new Int32Array(countsM.data.length);
  let m = 0;
  rows.forEach(({ responseIds }, s) => {
    sequenceM.fill(s, m, m + responseIds.length);
    m += responseIds.length;
  });
  return {
    ...batch,
    countsM,
    sequenceM: ints(sequenceM),
    lengthsS: floats(rows.map(({ responseIds }) => responseIds.length)),
  };
}
