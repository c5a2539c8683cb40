/**
 * A step of few rows, such as one of decoding, computes on matrices that hold its rows as columns. From 16 to 256 rows W X
 * [out, rows] with X [in, rows] is 1.2 to 3.1 times as fast as X W^T (docs/experiments.md), presumably because that packs the weights
 * anew for each product. Kernels that know the layout ask for it here. To all others the matrix is as ever:
 * it is turned back by a node that runs only where somebody reads it.
 */
import type { TensorInfo } from '../../tensors/tf.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { KernelContext } from './kernel-registration.ts';

const FEWEST = 16;
const MOST = 256;

/** Whether products with this many rows are faster by columns. */
export function isByColumns(rows: number): boolean {
  return rows >= FEWEST && rows <= MOST;
}

/** The node of x [N, width] as [width, N] where that is at hand already. */
export function knownColumns({ node, trace }: KernelContext, x: TensorInfo): NodeOutput | undefined {
  return trace.columns.get(node(x));
}

/** The node of x [N, width] as [width, N]. */
export function asColumns(context: KernelContext, x: TensorInfo): NodeOutput {
  return knownColumns(context, x) ?? context.nodes.transpose(context.node(x), [1, 0]);
}

/** The tensor [N, width] of a node [width, N]. */
export function ofColumns(
  { nodes, tensor, trace }: KernelContext,
  columns: NodeOutput,
  shape: [number, number],
): TensorInfo {
  const rows = nodes.transpose(columns, [1, 0]);
  trace.columns.set(rows, columns);
  return tensor(rows, shape);
}
