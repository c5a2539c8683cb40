/**
 * Attention as nodes. Heads come first inside, [B, G, share*T, K] for queries and [B, G, T, K] for keys and values, so that one
 * product serves all query heads of a group without repeating its keys. Long rows go in blocks of queries: no block computes
 * the scores of keys that come after all of its queries.
 */
import { type Heads, ROPE_ATTENTION, ROPE_ATTENTION_GRADIENT } from '../../ops/rope-attention.ts';
import { ROPE_DECODE_ATTENTION } from '../../ops/rope-decode-attention.ts';
import { WRITE_KV_CACHE } from '../../ops/write-kv-cache.ts';
import type { TensorInfo, Variable } from '../../tensors/tf.ts';
import { knownColumns } from './columns.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { GraphKernel, KernelContext } from './kernel-registration.ts';
import type { Nodes } from './nodes.ts';

/** Width from which on queries go in blocks, and how many: measured at 256, 512 and 1,024 (docs/experiments.md), not below. */
const LONG = 256;
const BLOCKS = 4;

/** Added to the score of a place that is not to be seen; its exponential is 0. */
const HIDDEN = -1e30;

type Rotation = { cos: NodeOutput; sin: NodeOutput };

/** Rows of the rotary tables for each token, [N, 1, K/2], times a factor: 1 / sqrt(K) for queries costs nothing there. */
function rotation(
  inputs: Record<string, TensorInfo>,
  { nodes, node }: KernelContext,
  options: { rows: number; factor?: number; direction?: 1 | -1 },
): Rotation {
  const { cos, sin, positions } = inputs as Record<'cos' | 'sin' | 'positions', TensorInfo>;
  const { rows, factor = 1, direction = 1 } = options;
  const places = nodes.reshape(node(positions), [rows], 'int32');
  const half = cos.shape[1] as number;
  const table = (info: TensorInfo, scale: number) =>
    nodes.reshape(nodes.scale(nodes.gather(node(info), places), scale), [rows, 1, half]);
  return { cos: table(cos, factor), sin: table(sin, factor * direction) };
}

/** Turns pairs (i, i + K/2) of x [N, heads, K]. */
function rotate(nodes: Nodes, x: NodeOutput, { cos, sin }: Rotation): NodeOutput {
  const [low, high] = nodes.split(x, { axis: 2, count: 2 }) as [NodeOutput, NodeOutput];
  return nodes.concat(
    [
      nodes.sub(nodes.mul(low, cos), nodes.mul(high, sin)),
      nodes.add(nodes.mul(high, cos), nodes.mul(low, sin)),
    ],
    2,
  );
}

/** [B*T, heads*K] or [B*T, heads, K] to [B, heads, T, K] */
function headsFirst(nodes: Nodes, x: NodeOutput, shape: [number, number, number, number]): NodeOutput {
  return nodes.transpose(nodes.reshape(x, shape), [0, 2, 1, 3]);
}

/** What both directions of attention share. */
function layout(positions: TensorInfo, heads: Heads) {
  const { numHeads, numKvHeads, headDim } = heads;
  const [batch, time] = positions.shape as [number, number];
  return {
    batch,
    time,
    rows: batch * time,
    share: numHeads / numKvHeads,
    groups: numKvHeads,
    headDim,
    numHeads,
  };
}

/** Queries from..to-1, which see keys 0..to-1 at most; S of them, U keys. */
type Block = { from: number; to: number };

function blocksOf(time: number): Block[] {
  const count = time < LONG ? 1 : BLOCKS;
  const size = Math.ceil(time / count);
  return Array.from({ length: count }, (_, i) => ({ from: i * size, to: Math.min(time, (i + 1) * size) }));
}

/** Parts from..to-1 of x along an axis. */
function part(
  nodes: Nodes,
  x: NodeOutput,
  { shape, axis, from, to }: { shape: readonly number[]; axis: number } & Block,
): NodeOutput {
  if (from === 0 && to === shape[axis]) return x;
  const begin = shape.map((_, i) => (i === axis ? from : 0));
  const size = shape.map((length, i) => (i === axis ? to - from : length));
  return nodes.graph.pure('Slice', [x, nodes.ints(begin), nodes.ints(size)], {
    T: { type: 'float32' },
    Index: { type: 'int32' },
  });
}

/** [B, 1, 1, S, U]: 0 where a query of the block may see the key, HIDDEN elsewhere. */
function causalBias(
  nodes: Nodes,
  mask: NodeOutput,
  { batch, time, from, to }: { batch: number; time: number } & Block,
) {
  const queries = to - from;
  const causal = new Float32Array(queries * to);
  for (let i = 0; i < queries; i++) causal.fill(HIDDEN, i * to + from + i + 1, (i + 1) * to);
  const seen = part(nodes, mask, { shape: [batch, time], axis: 1, from: 0, to });
  const hidden = nodes.scale(nodes.sub(nodes.float(1), seen), HIDDEN);
  const table = nodes.graph.constant(causal, [queries, to]);
  return nodes.op('Minimum', [nodes.reshape(hidden, [batch, 1, 1, 1, to]), table]);
}

const attention: GraphKernel = (inputs, context, attributes) => {
  const { nodes, node, tensor, trace } = context;
  const { q, k, v, positions, mask } = inputs as Record<'q' | 'k' | 'v' | 'positions' | 'mask', TensorInfo>;
  const size = layout(positions, attributes as Heads);
  const { batch, time, rows, share, groups, headDim, numHeads } = size;
  const forQueries = rotation(inputs, context, { rows, factor: 1 / Math.sqrt(headDim) });
  const forKeys = rotation(inputs, context, { rows });
  const rotatedQ = rotate(nodes, nodes.reshape(node(q), [rows, numHeads, headDim]), forQueries);
  const rotatedK = rotate(nodes, nodes.reshape(node(k), [rows, groups, headDim]), forKeys);
  const queries = headsFirst(nodes, rotatedQ, [batch, time, numHeads, headDim]);
  const keys = headsFirst(nodes, rotatedK, [batch, time, groups, headDim]);
  const values = headsFirst(nodes, node(v), [batch, time, groups, headDim]);

  const maskFloat = nodes.cast(node(mask), { from: 'int32', to: 'float32' });
  const ofKeys = { shape: [batch, groups, time, headDim], axis: 2, from: 0 };
  const weightsOf: NodeOutput[] = [];
  const seen = blocksOf(time).map((block) => {
    const { from, to } = block;
    const count = to - from;
    const ofBlock = part(nodes, queries, { shape: [batch, numHeads, time, headDim], axis: 2, ...block });
    // scores are float32 in every precision: rounded to bfloat16, large ones would be off by a tenth
    const perGroup = nodes.batchMatMul(
      nodes.reshape(ofBlock, [batch, groups, share * count, headDim]),
      part(nodes, keys, { ...ofKeys, to }),
      { b: true },
    );
    const scores = nodes.reshape(perGroup, [batch, groups, share, count, to]);
    const bias = causalBias(nodes, maskFloat, { batch, time, ...block });
    const present = part(nodes, maskFloat, { shape: [batch, time], axis: 1, ...block });
    // queries that are padding see everything alike; the mask empties their rows, for the gradient too
    const weights = nodes.mul(
      nodes.op('Softmax', [nodes.add(scores, bias)]),
      nodes.reshape(present, [batch, 1, 1, count, 1]),
    );
    weightsOf.push(weights);
    const y = nodes.batchProduct(
      nodes.reshape(weights, [batch, groups, share * count, to]),
      part(nodes, values, { ...ofKeys, to }),
    );
    return nodes.reshape(y, [batch, numHeads, count, headDim]);
  });
  const merged = nodes.transpose(
    seen.length === 1 ? (seen[0] as NodeOutput) : nodes.concat(seen, 2),
    [0, 2, 1, 3],
  );
  const y = nodes.reshape(merged, [rows, numHeads * headDim]);
  const [weights] = weightsOf as [NodeOutput];
  trace.blockWeights.set(weights, weightsOf);
  return [
    tensor(y, [rows, numHeads * headDim]),
    tensor(queries, [batch, numHeads, time, headDim]),
    tensor(keys, [batch, groups, time, headDim]),
    // only the gradient reads it, and knows all blocks by the first one's
    tensor(weights, [batch, groups, share, time, time]),
  ];
};

// y = W v and W = softmax(s):  dv = W^T dy,  ds = W (dy v^T - rowsum(W * dy v^T)),  dq = ds k,  dk = ds^T q; the scale of the
// scores is in the rotated queries, so dk has it already and dq gets it as it is turned back.
const attentionGradient: GraphKernel = (inputs, context, attributes) => {
  const { nodes, node, tensor, trace } = context;
  const { rotatedQ, rotatedK, v, weights, dy, positions } = inputs as Record<
    'rotatedQ' | 'rotatedK' | 'v' | 'weights' | 'dy' | 'positions',
    TensorInfo
  >;
  const { batch, time, rows, share, groups, headDim, numHeads } = layout(positions, attributes as Heads);
  const values = headsFirst(nodes, node(v), [batch, time, groups, headDim]);
  const dOut = headsFirst(nodes, node(dy), [batch, time, numHeads, headDim]);
  const ofQueries = { shape: [batch, numHeads, time, headDim], axis: 2 };
  const ofKeys = { shape: [batch, groups, time, headDim], axis: 2, from: 0 };
  const blocks = blocksOf(time);
  const gradients = blocks.map((block, i) => {
    const { from, to } = block;
    const count = to - from;
    // the query heads of a group are rows of one matrix, so that the sum over them is part of the products for dk and dv
    const perGroup = [batch, groups, share * count, headDim];
    const dOutPerGroup = nodes.reshape(part(nodes, dOut, { ...ofQueries, ...block }), perGroup);
    const queries = nodes.reshape(part(nodes, node(rotatedQ), { ...ofQueries, ...block }), perGroup);
    const ofBlock = trace.blockWeights.get(node(weights))?.[i] as NodeOutput;
    const weightsPerGroup = nodes.reshape(ofBlock, [batch, groups, share * count, to]);
    const dWeights = nodes.batchProduct(dOutPerGroup, part(nodes, values, { ...ofKeys, to }), { b: true });
    const perRow = nodes.reshape(nodes.mul(weightsPerGroup, dWeights), [batch * numHeads * count, to]);
    const inner = nodes.reshape(nodes.rowSums(perRow, { width: to }), [batch, groups, share * count, 1]);
    const dScores = nodes.mul(weightsPerGroup, nodes.sub(dWeights, inner));
    const dq = nodes.batchProduct(dScores, part(nodes, node(rotatedK), { ...ofKeys, to }));
    return {
      dq: nodes.reshape(dq, [batch, numHeads, count, headDim]),
      dk: nodes.batchProduct(dScores, queries, { a: true }),
      dv: nodes.batchProduct(weightsPerGroup, dOutPerGroup, { a: true }),
    };
  });
  // keys that a block does not reach have nothing from it
  const total = (name: 'dk' | 'dv'): NodeOutput =>
    gradients
      .map((gradient, i) => {
        const missing = time - (blocks[i] as Block).to;
        if (missing === 0) return gradient[name];
        const padding = nodes.graph.constant(Int32Array.of(0, 0, 0, 0, 0, missing, 0, 0), [4, 2]);
        return nodes.graph.pure('Pad', [gradient[name], padding], {
          T: { type: 'float32' },
          Tpaddings: { type: 'int32' },
        });
      })
      .reduce((sum, padded) => nodes.add(sum, padded));
  const dqs = gradients.map(({ dq }) => dq);
  const dq = dqs.length === 1 ? (dqs[0] as NodeOutput) : nodes.concat(dqs, 2);

  const tokensFirst = (x: NodeOutput, heads: number) =>
    nodes.reshape(nodes.transpose(nodes.reshape(x, [batch, heads, time, headDim]), [0, 2, 1, 3]), [
      rows,
      heads,
      headDim,
    ]);
  const back = { rows, direction: -1 } as const;
  const forQueries = rotation(inputs, context, { ...back, factor: 1 / Math.sqrt(headDim) });
  const turnedQ = rotate(nodes, tokensFirst(dq, numHeads), forQueries);
  const turnedK = rotate(nodes, tokensFirst(total('dk'), groups), rotation(inputs, context, back));
  const flatRows = (x: NodeOutput, heads: number) =>
    tensor(nodes.reshape(x, [rows, heads * headDim]), [rows, heads * headDim]);
  return [
    flatRows(turnedQ, numHeads),
    flatRows(turnedK, groups),
    flatRows(tokensFirst(total('dv'), groups), groups),
  ];
};

/**
 * Writes rows [R, K] into a cache [B, G, S, K], seen as [B*G*S, K], at the places `indices` [R]. InplaceUpdate writes into the
 * variable's own memory; after ResourceStridedSliceAssign every read of the variable would be a copy of all of it.
 */
function writeRows(
  { nodes, trace }: KernelContext,
  cache: Variable,
  { indices, rows }: { indices: NodeOutput; rows: NodeOutput },
): void {
  const headDim = cache.shape[3] as number;
  trace.updateInPlace(cache, (value, after) => {
    const flat = nodes.reshape(value, [-1, headDim]);
    const updated = nodes.graph.node({
      op: 'InplaceUpdate',
      inputs: [flat, indices, rows, ...after],
      attributes: { T: { type: 'float32' } },
    });
    return nodes.reshape(updated, cache.shape);
  });
}

/** Rows of a cache [B, G, S, K], seen as [B*G*S, K], that hold slots 0..time-1: [B*G*T]. */
function firstSlots(nodes: Nodes, cache: Variable, time: number): NodeOutput {
  const [batch, groups, slots] = cache.shape as [number, number, number];
  const rows = Int32Array.from(
    { length: batch * groups * time },
    (_, i) => Math.floor(i / time) * slots + (i % time),
  );
  return nodes.graph.constant(rows, [rows.length]);
}

const writeKvCache: GraphKernel = (inputs, context, { numKvHeads, headDim }) => {
  const { nodes, node } = context;
  const { k, v, positions } = inputs as Record<'k' | 'v' | 'positions', TensorInfo>;
  const { cacheK, cacheV } = inputs as unknown as Record<'cacheK' | 'cacheV', Variable>;
  const [batch, time] = positions.shape as [number, number];
  const rows = batch * time;
  const rotated = rotate(
    nodes,
    nodes.reshape(node(k), [rows, numKvHeads, headDim]),
    rotation(inputs, context, { rows }),
  );
  const indices = firstSlots(nodes, cacheK, time);
  for (const [cache, x] of [
    [cacheK, rotated],
    [cacheV, node(v)],
  ] as const) {
    const perHead = headsFirst(nodes, x, [batch, time, numKvHeads, headDim]);
    writeRows(context, cache, { indices, rows: nodes.reshape(perHead, [-1, headDim]) });
  }
  return [];
};

const decodeAttention: GraphKernel = (inputs, context, attributes) => {
  const { nodes, node, tensor } = context;
  const { q, k, v, mask, slot } = inputs as Record<'q' | 'k' | 'v' | 'mask' | 'slot', TensorInfo>;
  const { cacheK, cacheV } = inputs as unknown as Record<'cacheK' | 'cacheV', Variable>;
  const { numHeads, numKvHeads, headDim } = attributes as Heads;
  const [batch, slots] = mask.shape as [number, number];
  // one token a row is little work for many nodes: queries and keys turn together, by tables that scale the queries too
  const heads = numHeads + numKvHeads;
  const plain = rotation(inputs, context, { rows: batch });
  const factors = nodes.graph.constant(
    Float32Array.from({ length: heads }, (_, head) => (head < numHeads ? 1 / Math.sqrt(headDim) : 1)),
    [1, heads, 1],
  );
  const tables = { cos: nodes.mul(plain.cos, factors), sin: nodes.mul(plain.sin, factors) };
  const parts = (x: NodeOutput, sizes: number[]) =>
    nodes.many('SplitV', [x, nodes.ints(sizes), nodes.int(1)], {
      attributes: {
        ...{ T: { type: 'float32' }, Tlen: { type: 'int32' } },
        num_split: { int: sizes.length },
      },
      count: sizes.length,
    }) as [NodeOutput, NodeOutput];
  const columns = [q, k, v].map((x) => knownColumns(context, x));
  let both: NodeOutput;
  let value: NodeOutput;
  if (columns.every((x) => x !== undefined)) {
    // turned back in one go
    const all = nodes.transpose(nodes.concat(columns, 0), [1, 0]);
    [both, value] = parts(nodes.reshape(all, [batch, heads + numKvHeads, headDim]), [heads, numKvHeads]);
  } else {
    both = nodes.reshape(nodes.concat([node(q), node(k)], 1), [batch, heads, headDim]);
    value = node(v);
  }
  const [queries, key] = parts(rotate(nodes, both, tables), [numHeads, numKvHeads]);

  const indices = nodes.op('AddV2', [firstSlots(nodes, cacheK, 1), node(slot)], 'int32');
  writeRows(context, cacheK, { indices, rows: nodes.reshape(key, [batch * numKvHeads, headDim]) });
  writeRows(context, cacheV, { indices, rows: nodes.reshape(value, [batch * numKvHeads, headDim]) });

  const range = nodes.graph.constant(
    Int32Array.from({ length: slots }, (_, i) => i),
    [slots],
  );
  const isPast = nodes.cast(nodes.op('LessEqual', [range, node(slot)], 'int32'), {
    from: 'bool',
    to: 'float32',
  });
  const visible = nodes.reshape(nodes.mul(isPast, nodes.cast(node(mask), { from: 'int32', to: 'float32' })), [
    batch,
    1,
    1,
    slots,
  ]);
  const scores = nodes.batchMatMul(
    nodes.reshape(queries, [batch, numKvHeads, numHeads / numKvHeads, headDim]),
    node(cacheK),
    { b: true },
  );
  const bias = nodes.scale(nodes.sub(nodes.float(1), visible), HIDDEN);
  // a row that sees nothing gives zeros
  const weights = nodes.mul(nodes.op('Softmax', [nodes.add(scores, bias)]), visible);
  const y = nodes.reshape(nodes.batchMatMul(weights, node(cacheV)), [batch, numHeads * headDim]);
  return tensor(y, [batch, numHeads * headDim]);
};

export const attentionKernels: [string, GraphKernel][] = [
  [ROPE_ATTENTION, attention],
  [ROPE_ATTENTION_GRADIENT, attentionGradient],
  [WRITE_KV_CACHE, writeKvCache],
  [ROPE_DECODE_ATTENTION, decodeAttention],
];
