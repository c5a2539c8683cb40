import type { Tensor } from '../tensors/tf.ts';
import type { KvCache } from './kv-cache.ts';

/**
 * The N tokens of a batch without its padding, those that rows have in common at their beginning once. int32: which token
 * stands at each place [B, T] (any, where the mask is 0), and a place of each token [N] as b * T + t. What no place names
 * has no meaning and no gradient.
 */
export type Packing = { tokenOfBT: Tensor; placeOfN: Tensor };

/**
 * int32 tensors [B, T]; the mask is 1 for real tokens. See positionsFromMask for positions. Hidden states have N rows: B * T, or
 * the tokens of the packing.
 */
export type TokenBatch = { idsBT: Tensor; maskBT: Tensor; positionsBT: Tensor } & Partial<Packing>;

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
