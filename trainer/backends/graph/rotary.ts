/** What attention in training and in decoding share as nodes: rotary positions, and the order of heads. */
import type { TensorInfo } from '../../tensors/tf.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { KernelContext } from './kernel-registration.ts';
import type { Nodes } from './nodes.ts';

/** Added to the score of a place that is not to be seen; its exponential is 0. */
export const HIDDEN = -1e30;

export type Rotation = { cos: NodeOutput; sin: NodeOutput };

/** Rows of the rotary tables for each token, [N, 1, K/2], times a factor: 1 / sqrt(K) for queries costs nothing there. */
export function rotation(
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
export function rotate(nodes: Nodes, x: NodeOutput, { cos, sin }: Rotation): NodeOutput {
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
export function headsFirst(nodes: Nodes, x: NodeOutput, shape: [number, number, number, number]): NodeOutput {
  return nodes.transpose(nodes.reshape(x, shape), [0, 2, 1, 3]);
}
