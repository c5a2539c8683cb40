/**
 * Attention of whole rows as nodes, and its gradient. Heads come first inside, [B, G, share*T, K] for queries and [B, G, T, K] for
 * keys and values, so that one product serves all query heads of a group without repeating its keys. Long rows go in blocks of
 * queries: no block computes the scores of keys that come after all of its queries.
 */
import { type Heads, ROPE_ATTENTION, ROPE_ATTENTION_GRADIENT } from '../../ops/rope-attention.ts';
import type { TensorInfo } from '../../tensors/tf.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { GraphKernel } from './kernel-registration.ts';
import type { Nodes } from './nodes.ts';
import { HIDDEN, headsFirst, rotate, rotation } from './rotary.ts';

/** Width from which on queries go in blocks, and how many: measured at 256, 512 and 1,024 (docs/experiments.md), not below. */
const LONG = 256;
const BLOCKS = 4;

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

export const attentionKernels: [string, GraphKernel][] = [
  [ROPE_ATTENTION, attention],
  [ROPE_ATTENTION_GRADIENT, attentionGradient],
];
