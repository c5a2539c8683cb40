import { type Tensor, type Tensor4D, tf, type Variable } from '../tensors/tf.ts';
import { expectBelow, expectTensor } from './expect-tensor.ts';
import { registerReference, runKernelForMany } from './kernel.ts';
import { rotateHalf } from './rotate-half.ts';

export const WRITE_KV_CACHE = 'PlumblineWriteKvCache';

type Arguments = {
  /** [N, G*K], N = B*T, not yet rotated */
  k: Tensor;
  /** [N, G*K] */
  v: Tensor;
  /** [P, K/2] */
  cos: Tensor;
  /** [P, K/2] */
  sin: Tensor;
  /** int32 [B, T] */
  positionsBT: Tensor;
  /** [B, G, S, K] */
  cacheK: Variable;
  /** [B, G, S, K] */
  cacheV: Variable;
};

registerReference(WRITE_KV_CACHE, (inputs, { numKvHeads, headDim }) => {
  const { k, v, cos, sin, positions, cacheK, cacheV } = inputs as unknown as Arguments & {
    positions: Tensor;
  };
  const [batch, time] = positions.shape as [number, number];
  expectBelow('writeKvCache: positions', positions.dataSync(), cos.shape[0] as number);
  const groups = numKvHeads as number;
  const width = headDim as number;
  const table = { cos, sin, positionsN: tf.reshape(positions, [batch * time]) };
  const rotated = rotateHalf(tf.reshape(k, [batch * time, groups, width]), table);
  for (const [cache, rows] of [
    [cacheK, rotated],
    [cacheV, v],
  ] as [Variable, Tensor][]) {
    const fresh = tf.transpose(tf.reshape(rows, [batch, time, groups, width]), [0, 2, 1, 3]);
    const rest = tf.slice(cache as Tensor as Tensor4D, [0, 0, time, 0], [-1, -1, -1, -1]);
    cache.assign(tf.concat([fresh, rest], 2));
  }
  return [];
});

/** After a prefill over T tokens: rotated k, and v, into slots 0..T-1 of the two caches, in place. */
export function writeKvCache(
  args: Arguments,
  { numKvHeads, headDim }: { numKvHeads: number; headDim: number },
): void {
  const { k, v, cos, sin, positionsBT, cacheK, cacheV } = args;
  const [batch, time] = positionsBT.shape as [number, number];
  expectTensor('writeKvCache: positions', positionsBT, [null, null], 'int32');
  expectTensor('writeKvCache: k', k, [batch * time, numKvHeads * headDim]);
  expectTensor('writeKvCache: v', v, [batch * time, numKvHeads * headDim]);
  expectTensor('writeKvCache: cos', cos, [null, headDim / 2]);
  expectTensor('writeKvCache: sin', sin, cos.shape);
  expectTensor('writeKvCache: cacheK', cacheK, [batch, numKvHeads, null, headDim]);
  expectTensor('writeKvCache: cacheV', cacheV, cacheK.shape);
  if (time > (cacheK.shape[2] as number)) {
    throw new Error(`writeKvCache: ${time} tokens do not fit into ${cacheK.shape[2]} slots`);
  }
  runKernelForMany(
    WRITE_KV_CACHE,
    { k, v, cos, sin, positions: positionsBT, cacheK, cacheV },
    { numKvHeads, headDim },
  );
}
