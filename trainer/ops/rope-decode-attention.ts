import { type Tensor, type Tensor2D, tf, type Variable } from '../tensors/tf.ts';
import { expectBelow, expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel } from './kernel.ts';
import type { Heads } from './rope-attention.ts';
import { rotateHalf } from './rotate-half.ts';

export const ROPE_DECODE_ATTENTION = 'PlumblineRopeDecodeAttention';

type Arguments = {
  /** [B, H*K]: the one new token of each sequence */
  q: Tensor;
  /** [B, G*K] */
  k: Tensor;
  /** [B, G*K] */
  v: Tensor;
  /** [P, K/2] */
  cos: Tensor;
  /** [P, K/2] */
  sin: Tensor;
  /** int32 [B] */
  positionsB: Tensor;
  /** int32 [B, S] */
  maskBS: Tensor;
  /** [B, G, S, K], written in place */
  cacheK: Variable;
  /** [B, G, S, K], written in place */
  cacheV: Variable;
  /** int32 scalar: the slot that the new token takes */
  slot: Tensor;
};

registerReference(ROPE_DECODE_ATTENTION, (inputs, attributes) => {
  const { q, k, v, cos, sin, positions, mask, slot } = inputs as Record<string, Tensor> & Arguments;
  const { cacheK, cacheV } = inputs as unknown as Arguments;
  const { numHeads, numKvHeads, headDim } = attributes as Heads;
  const [batch, slots] = (mask as Tensor).shape as [number, number];
  expectBelow('ropeDecodeAttention: positions', (positions as Tensor).dataSync(), cos.shape[0] as number);
  expectSlot((slot as Tensor).dataSync()[0] as number, slots);
  const table = { cos, sin, positionsN: positions as Tensor };
  const queries = rotateHalf(tf.reshape(q, [batch, numHeads, headDim]), table);
  const key = rotateHalf(tf.reshape(k, [batch, numKvHeads, headDim]), table);
  const value = tf.reshape(v, [batch, numKvHeads, headDim]);
  const range = tf.range(0, slots, 1, 'int32');
  const here = tf.reshape(tf.cast(tf.equal(range, slot), 'float32'), [1, 1, slots, 1]);
  for (const [cache, row] of [
    [cacheK, key],
    [cacheV, value],
  ] as [Variable, Tensor][]) {
    cache.assign(tf.add(tf.mul(cache, tf.sub(1, here)), tf.mul(tf.expandDims(row, 2), here)));
  }
  const share = numHeads / numKvHeads;
  const grouped = tf.reshape(queries, [batch, numKvHeads, share, headDim]);
  const scores = tf.mul(tf.matMul(grouped, cacheK as Tensor, false, true), 1 / Math.sqrt(headDim));
  const visible = tf.cast(tf.mul(tf.cast(tf.lessEqual(range, slot), 'int32'), mask as Tensor), 'float32');
  const visibleB11S = tf.reshape(visible, [batch, 1, 1, slots]);
  const shifted = tf.add(tf.mul(scores, visibleB11S), tf.mul(tf.sub(1, visibleB11S), -1e30));
  const weights = tf.mul(tf.softmax(shifted), visibleB11S);
  return tf.reshape(tf.matMul(weights, cacheV as Tensor), [batch, numHeads * headDim]);
});

/** @throws Error when the slot is outside the cache; only for kernels, which may read their inputs */
export function expectSlot(slot: number, slots: number): void {
  if (slot >= 0 && slot < slots) return;
  throw new Error(`ropeDecodeAttention: slot is ${slot}, expected 0 to ${slots - 1}`);
}

/**
 * Attention of one new token for each sequence over the cache: rotates q and k, writes k and v into `slot`, attends to
 * slots 0..slot where `maskBS` is 1 (zeros when there is none); gives [B, H*K]. Changes the two caches; no gradient.
 */
export function ropeDecodeAttention(args: Arguments, { numHeads, numKvHeads, headDim }: Heads): Tensor2D {
  const { q, k, v, cos, sin, positionsB, maskBS, cacheK, cacheV, slot } = args;
  const [batch, slots] = maskBS.shape as [number, number];
  expectTensor('ropeDecodeAttention: mask', maskBS, [null, null], 'int32');
  expectTensor('ropeDecodeAttention: positions', positionsB, [batch], 'int32');
  expectTensor('ropeDecodeAttention: q', q, [batch, numHeads * headDim]);
  expectTensor('ropeDecodeAttention: k', k, [batch, numKvHeads * headDim]);
  expectTensor('ropeDecodeAttention: v', v, [batch, numKvHeads * headDim]);
  expectTensor('ropeDecodeAttention: cos', cos, [null, headDim / 2]);
  expectTensor('ropeDecodeAttention: sin', sin, cos.shape);
  expectTensor('ropeDecodeAttention: cacheK', cacheK, [batch, numKvHeads, slots, headDim]);
  expectTensor('ropeDecodeAttention: cacheV', cacheV, [batch, numKvHeads, slots, headDim]);
  expectTensor('ropeDecodeAttention: slot', slot, [], 'int32');
  return runKernel(
    ROPE_DECODE_ATTENTION,
    { q, k, v, cos, sin, positions: positionsB, mask: maskBS, cacheK, cacheV, slot },
    { numHeads, numKvHeads, headDim },
  ) as Tensor2D;
}
