import type { Tensor } from '../backend/tf.ts';
import type { KvCache } from './kv-cache.ts';

/** int32 tensors [B, T]; the mask is 1 for real tokens. See positionsFromMask for positions. */
export type TokenBatch = { idsBT: Tensor; maskBT: Tensor; positionsBT: Tensor };

/** One new token per row: int32 [B], the mask over cache slots [B, S], and the slot it is written to (int32 scalar). */
export type DecodeBatch = { idsB: Tensor; positionsB: Tensor; maskBS: Tensor; slot: Tensor; cache: KvCache };

export type ForwardOptions = {
  /** keep only the input of each block for the backward pass and run the block again there, see recomputed.ts */
  recompute?: boolean;
  /**
   * int32 [M], rows of the N that matter: gives [M, D]. Attention needs every token in every block, but what comes after it in the
   * last block only concerns the row itself, so the last block does that for these alone.
   */
  rowsM?: Tensor;
};
