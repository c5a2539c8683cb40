import { SAMPLE_TOKEN } from '../../ops/sample-token.ts';
import type { TensorInfo } from '../../tensors/tf.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { GraphKernel } from './kernel-registration.ts';
import type { Nodes } from './nodes.ts';

/** Places of a vocabulary in chunks of equal length: the divisor of its size nearest to the square root. */
export function chunkLength(vocab: number): number {
  const root = Math.sqrt(vocab);
  let best = vocab;
  for (let length = 1; length <= vocab; length++) {
    if (vocab % length === 0 && Math.abs(Math.log(length / root)) < Math.abs(Math.log(best / root)))
      best = length;
  }
  return best;
}

/** Sums of weights [R, C] up to and without each place, and of the whole row [R, 1]. */
function cumulated(nodes: Nodes, weights: NodeOutput, { rows, width }: { rows: number; width: number }) {
  const scan = (exclusive: boolean) =>
    nodes.graph.pure('Cumsum', [weights, nodes.int(1)], {
      ...{ T: { type: 'float32' }, Tidx: { type: 'int32' } },
      ...{ exclusive: { bool: exclusive }, reverse: { bool: false } },
    });
  const upTo = scan(false);
  const total = nodes.graph.pure('Slice', [upTo, nodes.ints([0, width - 1]), nodes.ints([rows, 1])], {
    T: { type: 'float32' },
    Index: { type: 'int32' },
  });
  return { upTo, before: scan(true), total };
}

/** The first place whose cumulated weight passes the target; the last with weight takes what rounding leaves over. [R] */
function firstBeyond(
  nodes: Nodes,
  { upTo, total }: { upTo: NodeOutput; total: NodeOutput },
  target: NodeOutput,
) {
  const count = (comparison: string, bound: NodeOutput) =>
    nodes.reduce('Sum', nodes.cast(nodes.op(comparison, [upTo, bound]), { from: 'bool', to: 'int32' }), {
      axes: [1],
      keep: false,
      dtype: 'int32',
    });
  return nodes.op('Minimum', [count('LessEqual', target), count('Less', total)], 'int32');
}

/**
 * The draw by inverse of the cumulated weights in two stages, first which chunk of the vocabulary, then which token of it:
 * TensorFlow's Cumsum runs in one thread and costs more than all else over a large vocabulary.
 */
export const sampleToken: [string, GraphKernel] = [
  SAMPLE_TOKEN,
  (inputs, { nodes, node, tensor }, { temperature }) => {
    const { logits, uniforms } = inputs as Record<'logits' | 'uniforms', TensorInfo>;
    const [rows, vocab] = logits.shape as [number, number];
    const largest = nodes.reduce('Max', node(logits), { axes: [1], keep: true });
    const shifted = nodes.scale(nodes.sub(node(logits), largest), 1 / (temperature || 1));
    const weights = nodes.op('Exp', [shifted]);

    const width = chunkLength(vocab);
    const chunks = vocab / width;
    const ones = nodes.graph.constant(new Float32Array(width).fill(1), [width, 1]);
    const flat = nodes.reshape(weights, [rows * chunks, width]);
    const chunkSums = nodes.reshape(nodes.matMul(flat, ones), [rows, chunks]);
    const byChunk = cumulated(nodes, chunkSums, { rows, width: chunks });
    const column = (x: NodeOutput) => nodes.reshape(x, [rows, 1], 'int32');
    let token: NodeOutput;
    if (temperature === 0) {
      token = nodes.graph.pure('ArgMax', [node(logits), nodes.int(1)], {
        ...{ T: { type: 'float32' }, Tidx: { type: 'int32' }, output_type: { type: 'int32' } },
      });
    } else {
      const target = nodes.mul(nodes.reshape(node(uniforms), [rows, 1]), byChunk.total);
      const chunk = firstBeyond(nodes, byChunk, target);
      const before = nodes.gather(byChunk.before, column(chunk), { perRow: true });
      const perChunk = nodes.reshape(weights, [rows, chunks, width]);
      const inChunk = nodes.reshape(nodes.gather(perChunk, column(chunk), { perRow: true }), [rows, width]);
      const place = firstBeyond(nodes, cumulated(nodes, inChunk, { rows, width }), nodes.sub(target, before));
      token = nodes.op('AddV2', [nodes.op('Mul', [chunk, nodes.int(width)], 'int32'), place], 'int32');
    }
    const chosen = nodes.gather(shifted, column(token), { perRow: true });
    const logProbs = nodes.reshape(nodes.sub(chosen, nodes.op('Log', [byChunk.total])), [rows]);
    return [tensor(token, [rows], 'int32'), tensor(logProbs, [rows])];
  },
];
