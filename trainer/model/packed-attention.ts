import { embedding } from '../ops/embedding.ts';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tensors/tf.ts';
import type { Packing, TokenBatch } from './token-batch.ts';

export type Projections = { q: Tensor2D; k: Tensor2D; v: Tensor2D };

/**
 * Attention of a batch that may be packed. All else in a block concerns one token alone and is done for the N tokens; attention
 * needs rows, so queries, keys and values are laid out as [B*T] for it and what comes out is taken back. A token that stands
 * at several places has the same context at each of them: its output is taken from one, and the gradients that its key and
 * value have at all of them add up.
 *
 * @param qkv [N, heads * K]
 * @param attend of laid out rows, [B*T, heads * K] to [B*T, H * K]
 */
export function packedAttention(
  qkv: Projections,
  { tokenOfBT, placeOfN }: Partial<Packing>,
  attend: (qkv: Projections) => Tensor2D,
): Tensor2D {
  if (!tokenOfBT || !placeOfN) return attend(qkv);
  const tokens = tf.reshape(tokenOfBT, [-1]);
  const layOut = (rowsNC: Tensor2D): Tensor2D => embedding(rowsNC, tokens);
  return embedding(attend({ q: layOut(qkv.q), k: layOut(qkv.k), v: layOut(qkv.v) }), placeOfN);
}

/** Of a table over places [B, T] what each of the N tokens has; all B * T places are tokens where nothing is packed. */
export function ofTokens(tableBT: Tensor, { placeOfN }: Partial<Packing>): Tensor {
  const places: Tensor1D = tf.reshape(tableBT, [-1]);
  return placeOfN ? tf.gather(places, placeOfN as Tensor1D) : places;
}

/** The packing of a batch, nothing for one that is not packed. */
export function packingOf({ tokenOfBT, placeOfN }: TokenBatch): Partial<Packing> {
  return tokenOfBT && placeOfN ? { tokenOfBT, placeOfN } : {};
}
