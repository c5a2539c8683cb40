/** Shapes: B rows, T width, N tokens computed, M = predicted answer tokens of all rows. */
import type { HostTensor } from '../../tensors/compile.ts';
import { floats, ints } from '../run/host-arrays.ts';
import { bucketWidth, type PlacedBatch, packedBatch } from './token-batch.ts';

/** M is one of these shares of N, filled up with rows of weight 0, so that a tracing backend meets few shapes. */
const PICKED_SHARES = [1 / 4, 1 / 2, 1];

/**
 * Prompts with their answers, and where the answers' tokens are predicted: the token in column t of a row comes from the
 * hidden state of column t - 1 (training.md P3).
 *
 * @param numTokens number of answer tokens of the whole step; each weighs 1 / numTokens (P26)
 */
export function answerBatch(
  rows: readonly { promptIds: readonly number[]; responseIds: readonly number[] }[],
  { padTokenId, pack, numTokens }: { padTokenId: number; pack: boolean; numTokens: number },
): PlacedBatch['arrays'] & Record<'rowsM' | 'targetsM' | 'weightsM', HostTensor> {
  const {
    arrays,
    numTokens: numComputed,
    rowOf,
  } = packedBatch(
    rows.map(({ promptIds, responseIds }) => [...promptIds, ...responseIds]),
    { padTokenId, pack },
  );
  const picked: number[] = [];
  const targets: number[] = [];
  rows.forEach(({ promptIds, responseIds }, b) => {
    responseIds.forEach((id, t) => {
      picked.push(rowOf(b, promptIds.length + t - 1));
      targets.push(id);
    });
  });
  // one token can be asked for by several rows, so M can be more than N
  const shares = PICKED_SHARES.map((share) => Math.ceil(share * numComputed));
  const length = shares.find((size) => size >= picked.length) ?? bucketWidth(picked.length);
  const weights = new Float32Array(length).fill(1 / numTokens, 0, picked.length);
  while (picked.length < length) {
    picked.push(0);
    targets.push(0);
  }
  return { ...arrays, rowsM: ints(picked), targetsM: ints(targets), weightsM: floats(weights) };
}
