/** Decoding with a key/value cache as nodes: filling the cache after a prefill, and attention of one new token of each row. */
import type { Heads } from '../../ops/rope-attention.ts';
import { ROPE_DECODE_ATTENTION } from '../../ops/rope-decode-attention.ts';
import { WRITE_KV_CACHE } from '../../ops/write-kv-cache.ts';
import type { TensorInfo, Variable } from '../../tensors/tf.ts';
import { knownColumns } from './columns.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { GraphKernel, KernelContext } from './kernel-registration.ts';
import type { Nodes } from './nodes.ts';
import { HIDDEN, headsFirst, rotate, rotation } from './rotary.ts';

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

export const decodeKernels: [string, GraphKernel][] = [
  [WRITE_KV_CACHE, writeKvCache],
  [ROPE_DECODE_ATTENTION, decodeAttention],
];
