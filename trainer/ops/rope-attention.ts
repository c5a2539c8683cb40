import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../tensors/tf.ts';
import { expectBelow, expectTensor } from './expect-tensor.ts';
import { registerReference, runKernelForMany, withGradient } from './kernel.ts';
import { rotateHalf } from './rotate-half.ts';

export const ROPE_ATTENTION = 'PlumblineRopeAttention';
export const ROPE_ATTENTION_GRADIENT = 'PlumblineRopeAttentionGradient';

export type Heads = { numHeads: number; numKvHeads: number; headDim: number };

type Arguments = {
  /** [N, H*K], N = B*T */
  q: Tensor;
  /** [N, G*K] */
  k: Tensor;
  /** [N, G*K] */
  v: Tensor;
  /** [P, K/2] */
  cos: Tensor;
  /** [P, K/2] */
  sin: Tensor;
  /** int32 [B, T]: the row of cos and sin that turns this token */
  positionsBT: Tensor;
  /** int32 [B, T]: 1 for a token, 0 for padding */
  maskBT: Tensor;
};

/** [B*T, heads*K] to [B, heads, T, K] */
function splitHeads(x: Tensor, batch: number, headDim: number): Tensor4D {
  const time = (x.shape[0] as number) / batch;
  const heads = (x.shape[1] as number) / headDim;
  return tf.transpose(tf.reshape(x, [batch, time, heads, headDim]), [0, 2, 1, 3]) as Tensor4D;
}

/** [B, heads, T, K] to [B*T, heads*K] */
function mergeHeads(x: Tensor4D): Tensor {
  const [batch, heads, time, headDim] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * time, heads * headDim]);
}

/** Key/value heads repeated for the query heads that share them: [B, G, T, K] to [B, H, T, K]. */
function repeatHeads(x: Tensor4D, times: number): Tensor4D {
  if (times === 1) return x;
  const [batch, groups, time, headDim] = x.shape;
  const copies = Array.from({ length: times }, () => tf.reshape(x, [batch, groups, 1, time, headDim]));
  return tf.reshape(tf.concat(copies, 2), [batch, groups * times, time, headDim]) as Tensor4D;
}

/** The gradient of repeatHeads: query heads of one group added up. */
function addUpHeads(x: Tensor4D, groups: number): Tensor4D {
  const [batch, heads, time, headDim] = x.shape;
  return tf.sum(tf.reshape(x, [batch, groups, heads / groups, time, headDim]), 2) as Tensor4D;
}

function rotate(
  x: Tensor,
  { cos, sin, positionsBT }: Arguments,
  headDim: number,
  direction: 1 | -1 = 1,
): Tensor {
  const [rows, width] = x.shape as [number, number];
  const heads = tf.reshape(x, [rows, width / headDim, headDim]);
  const table = { cos, sin, positionsN: tf.reshape(positionsBT, [rows]) };
  return tf.reshape(rotateHalf(heads, table, direction), [rows, width]);
}

/** Plain tfjs: [y [N, H*K], rotated q [N, H*K], rotated k [N, G*K], attention weights [B, H, T, T]]. */
export function ropeAttentionReference(args: Arguments, heads: Heads): [Tensor, Tensor, Tensor, Tensor] {
  const [batch, time] = args.maskBT.shape as [number, number];
  const { headDim } = heads;
  const share = heads.numHeads / heads.numKvHeads;
  const q = rotate(args.q, args, headDim);
  const k = rotate(args.k, args, headDim);
  const keys = repeatHeads(splitHeads(k, batch, headDim), share);
  const values = repeatHeads(splitHeads(args.v, batch, headDim), share);
  const scores = tf.mul(tf.matMul(splitHeads(q, batch, headDim), keys, false, true), 1 / Math.sqrt(headDim));
  const rows = tf.reshape(tf.range(0, time, 1, 'int32'), [time, 1]);
  const causal = tf.cast(tf.lessEqual(tf.range(0, time, 1, 'int32'), rows), 'int32');
  const visible = tf.mul(
    tf.mul(causal, tf.reshape(args.maskBT, [batch, 1, 1, time])),
    tf.reshape(args.maskBT, [batch, 1, time, 1]),
  );
  const visibleBHTT = tf.cast(tf.tile(visible, [1, heads.numHeads, 1, 1]), 'float32');
  const hidden = tf.mul(tf.sub(1, visibleBHTT), -1e30);
  // The last product empties the rows of padding queries, which softmax leaves uniform.
  const weights = tf.mul(tf.softmax(tf.add(tf.mul(scores, visibleBHTT), hidden)), visibleBHTT);
  return [mergeHeads(tf.matMul(weights, values) as Tensor4D), q, k, weights];
}

registerReference(ROPE_ATTENTION, (inputs, heads) => {
  const { q, k, v, cos, sin, positions, mask } = inputs as Record<string, Tensor> & Arguments;
  const args = { q, k, v, cos, sin, positionsBT: positions as Tensor, maskBT: mask as Tensor };
  expectBelow('ropeAttention: positions', args.positionsBT.dataSync(), cos.shape[0] as number);
  return ropeAttentionReference(args, heads as Heads);
});

// y = W v and W = softmax(s):  dv = W^T dy,  ds = W (dy v^T - rowsum(W * dy v^T)),  dq = ds k,  dk = ds^T q.
registerReference(ROPE_ATTENTION_GRADIENT, (inputs, heads) => {
  const { rotatedQ, rotatedK, v, weights, dy, positions } = inputs as Record<string, Tensor> & Arguments;
  const { headDim, numKvHeads, numHeads } = heads as Heads;
  const batch = (positions as Tensor).shape[0] as number;
  const share = numHeads / numKvHeads;
  const table = { ...(inputs as unknown as Arguments), positionsBT: positions as Tensor };
  const dyBHTK = splitHeads(dy as Tensor, batch, headDim);
  const queries = splitHeads(rotatedQ as Tensor, batch, headDim);
  const keys = repeatHeads(splitHeads(rotatedK as Tensor, batch, headDim), share);
  const values = repeatHeads(splitHeads(v, batch, headDim), share);
  const dWeights = tf.matMul(dyBHTK, values, false, true);
  const inner = tf.sum(tf.mul(weights as Tensor, dWeights), 3, true);
  const dScores = tf.mul(tf.mul(weights as Tensor, tf.sub(dWeights, inner)), 1 / Math.sqrt(headDim));
  const dq = mergeHeads(tf.matMul(dScores, keys) as Tensor4D);
  const dk = mergeHeads(addUpHeads(tf.matMul(dScores, queries, true, false) as Tensor4D, numKvHeads));
  const dv = mergeHeads(
    addUpHeads(tf.matMul(weights as Tensor, dyBHTK, true, false) as Tensor4D, numKvHeads),
  );
  return [rotate(dq, table, headDim, -1), rotate(dk, table, headDim, -1), dv];
});

/**
 * Causal self-attention with rotary positions, grouped key/value heads and a padding mask; gives [N, H*K].
 * Causal over T; key j is visible when `maskBT[b, j]` is 1, so left, right and gap padding all work; a query whose own
 * mask is 0 gives zeros.
 */
export function ropeAttention(args: Arguments, { numHeads, numKvHeads, headDim }: Heads): Tensor2D {
  if (numHeads % numKvHeads !== 0 || headDim % 2 !== 0) {
    throw new Error(
      `ropeAttention: numHeads ${numHeads} must be a multiple of numKvHeads ${numKvHeads}, headDim ${headDim} even`,
    );
  }
  const { q, k, v, cos, sin, positionsBT, maskBT } = args;
  const [batch, time] = maskBT.shape as [number, number];
  expectTensor('ropeAttention: mask', maskBT, [null, null], 'int32');
  expectTensor('ropeAttention: positions', positionsBT, [batch, time], 'int32');
  expectTensor('ropeAttention: q', q, [batch * time, numHeads * headDim]);
  expectTensor('ropeAttention: k', k, [batch * time, numKvHeads * headDim]);
  expectTensor('ropeAttention: v', v, [batch * time, numKvHeads * headDim]);
  expectTensor('ropeAttention: cos', cos, [null, headDim / 2]);
  expectTensor('ropeAttention: sin', sin, cos.shape);
  const heads = { numHeads, numKvHeads, headDim };
  return withGradient(
    [q, k, v],
    () => {
      const [y, rotatedQ, rotatedK, weights] = runKernelForMany(
        ROPE_ATTENTION,
        { q, k, v, cos, sin, positions: positionsBT, mask: maskBT },
        heads,
      ) as [Tensor, Tensor, Tensor, Tensor];
      // The table may have been made inside the differentiated function, which frees what is not saved.
      return { value: y, saved: [rotatedQ, rotatedK, v, weights, cos, sin, positionsBT] };
    },
    (dy, saved) => {
      const names = ['rotatedQ', 'rotatedK', 'v', 'weights', 'cos', 'sin', 'positions'];
      const inputs = Object.fromEntries(names.map((name, i) => [name, saved[i] as Tensor]));
      inputs.dy = dy;
      return runKernelForMany(ROPE_ATTENTION_GRADIENT, inputs, heads);
    },
  ) as Tensor2D;
}
