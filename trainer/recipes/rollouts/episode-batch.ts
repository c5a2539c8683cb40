/**
 * Sampled episodes as arrays. Shapes: B episodes, T width of prompt + response, R length of the longest response or a little
 * more, M = B*R response places, row by row.
 */
import type { HostTensor } from '../../tensors/compile.ts';
import { tokenBatch } from '../batches/token-batch.ts';
import { ints } from '../run/host-arrays.ts';

/** R is rounded up to this, so that a tracing backend meets few shapes. */
const RESPONSE_STEP = 8;

export type SampledResponse = { promptIds: readonly number[]; responseIds: readonly number[] };

/** Inputs of a forward pass; `rowsM` are the hidden states that predict the response tokens `targetsM`. */
export type EpisodeInputs = Record<'idsBT' | 'maskBT' | 'positionsBT' | 'rowsM' | 'targetsM', HostTensor>;

export type EpisodeBatch = {
  inputs: EpisodeInputs;
  /** 1 at response tokens, the stop token included, 0 at padding (training.md P7), [M] */
  maskM: Float32Array;
  /** R */
  responseWidth: number;
};

/**
 * Prompt and response are laid end to end and padded on the right: a row's tokens never depend on its batch mates. The
 * response token in column t is predicted, and valued, from the hidden state of column t - 1 (P3).
 *
 * @param options.responseWidth R, by default that of the longest response; pass the rollout's to give all its minibatches one shape
 */
export function episodeBatch(
  episodes: readonly SampledResponse[],
  options: { padTokenId: number; responseWidth?: number },
): EpisodeBatch {
  const { padTokenId } = options;
  const longest = episodes.reduce((max, { responseIds }) => Math.max(max, responseIds.length), 1);
  const responseWidth = options.responseWidth ?? Math.ceil(longest / RESPONSE_STEP) * RESPONSE_STEP;
  const { width, ...batch } = tokenBatch(
    episodes.map(({ promptIds, responseIds }) => [...promptIds, ...responseIds]),
    padTokenId,
  );
  const size = episodes.length * responseWidth;
  const rows = new Int32Array(size);
  const targets = new Int32Array(size);
  const maskM = new Float32Array(size);
  episodes.forEach(({ promptIds, responseIds }, b) => {
    if (responseIds.length < 1 || responseIds.length > responseWidth) {
      throw new Error(
        `episode ${b} has ${responseIds.length} response tokens, expected 1 to ${responseWidth}`,
      );
    }
    responseIds.forEach((id, t) => {
      rows[b * responseWidth + t] = b * width + promptIds.length + t - 1;
      targets[b * responseWidth + t] = id;
      maskM[b * responseWidth + t] = 1;
    });
  });
  return { inputs: { ...batch, rowsM: ints(rows), targetsM: ints(targets) }, maskM, responseWidth };
}
