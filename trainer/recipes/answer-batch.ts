/** Shapes: B rows, T width, M = predicted answer tokens of all rows. */
import type { HostTensor } from '../backend/compile.ts';
import { floats, ints } from './host-arrays.ts';
import { tokenBatch } from './token-batch.ts';

/** M is rounded up to this with rows of weight 0, so that a tracing backend meets few shapes. */
const PICKED_STEP = 32;

/**
 * Prompts with their answers, and where the answers' tokens are predicted: the token in column t of a row comes from the
 * hidden state of column t - 1 (training.md P3).
 *
 * @param numTokens number of answer tokens of the whole step; each weighs 1 / numTokens (P26)
 */
export function answerBatch(
  rows: readonly { promptIds: readonly number[]; responseIds: readonly number[] }[],
  { padTokenId, numTokens }: { padTokenId: number; numTokens: number },
): Record<'idsBT' | 'maskBT' | 'positionsBT' | 'rowsM' | 'targetsM' | 'weightsM', HostTensor> {
  const { width, ...batch } = tokenBatch(
    rows.map(({ promptIds, responseIds }) => [...promptIds, ...responseIds]),
    padTokenId,
  );
  const picked: number[] = [];
  const targets: number[] = [];
  rows.forEach(({ promptIds, responseIds }, b) => {
    responseIds.forEach((id, t) => {
      picked.push(b * width + promptIds.length + t - 1);
      targets.push(id);
    });
  });
  const length = Math.ceil(picked.length / PICKED_STEP) * PICKED_STEP;
  const weights = new Float32Array(length).fill(1 / numTokens, 0, picked.length);
  while (picked.length < length) {
    picked.push(0);
    targets.push(0);
  }
  return { ...batch, rowsM: ints(picked), targetsM: ints(targets), weightsM: floats(weights) };
}
