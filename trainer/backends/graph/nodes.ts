/** Short names for the nodes that the kernels are made of. Every function adds nodes to a graph and gives an output. */
import type { Precision } from '../../tensors/step-backend.ts';
import type { Attributes, DataType, GraphWriter, NodeOutput } from './graph-writer.ts';

/** Rows up to which a sum by itself is faster than as a product, and a large matrix belongs on the left of one. */
export const FEW_ROWS = 64;

type Transpose = { a?: boolean; b?: boolean };

export class Nodes {
  readonly graph: GraphWriter;
  readonly precision: Precision;

  constructor(graph: GraphWriter, precision: Precision = 'float32') {
    this.graph = graph;
    this.precision = precision;
  }

  /** Any op whose only attribute is T. */
  op(name: string, inputs: readonly NodeOutput[], dtype: DataType = 'float32'): NodeOutput {
    return this.graph.pure(name, inputs, { T: { type: dtype } });
  }

  /** A node with several outputs. */
  many(name: string, inputs: readonly NodeOutput[], options: { attributes: Attributes; count: number }) {
    const node = this.graph.pure(name, inputs, options.attributes);
    return Array.from({ length: options.count }, (_, i) => (i === 0 ? node : `${node}:${i}`));
  }

  float(value: number): NodeOutput {
    return this.graph.constant(Float32Array.of(value), []);
  }

  int(value: number): NodeOutput {
    return this.graph.constant(Int32Array.of(value), []);
  }

  ints(values: readonly number[]): NodeOutput {
    return this.graph.constant(Int32Array.from(values), [values.length]);
  }

  add(a: NodeOutput, b: NodeOutput): NodeOutput {
    return this.op('AddV2', [a, b]);
  }

  sub(a: NodeOutput, b: NodeOutput): NodeOutput {
    return this.op('Sub', [a, b]);
  }

  mul(a: NodeOutput, b: NodeOutput): NodeOutput {
    return this.op('Mul', [a, b]);
  }

  scale(x: NodeOutput, factor: number): NodeOutput {
    return factor === 1 ? x : this.mul(x, this.float(factor));
  }

  /** A product of matrices in float32, whatever the precision of the step. */
  matMul(a: NodeOutput, b: NodeOutput, transpose: Transpose = {}): NodeOutput {
    return this.#multiply('MatMul', [a, b], transpose, 'float32');
  }

  /** A product of the model's matrices in the precision of the step; float32 comes in and goes out. */
  product(a: NodeOutput, b: NodeOutput, transpose: Transpose = {}): NodeOutput {
    return this.#multiply('MatMul', [a, b], transpose, this.precision);
  }

  /** Float32 products of the last two axes; the axes before them broadcast. */
  batchMatMul(a: NodeOutput, b: NodeOutput, transpose: Transpose = {}): NodeOutput {
    return this.#multiply('BatchMatMulV2', [a, b], transpose, 'float32');
  }

  /** Products of the last two axes in the precision of the step. */
  batchProduct(a: NodeOutput, b: NodeOutput, transpose: Transpose = {}): NodeOutput {
    return this.#multiply('BatchMatMulV2', [a, b], transpose, this.precision);
  }

  #multiply(
    op: 'MatMul' | 'BatchMatMulV2',
    operands: [NodeOutput, NodeOutput],
    transpose: Transpose,
    dtype: Precision,
  ): NodeOutput {
    const [left, right] = op === 'MatMul' ? ['transpose_a', 'transpose_b'] : ['adj_x', 'adj_y'];
    const inputs = operands.map((x) => this.cast(x, { from: 'float32', to: dtype }));
    const y = this.graph.pure(op, inputs, {
      T: { type: dtype },
      [left as string]: { bool: transpose.a ?? false },
      [right as string]: { bool: transpose.b ?? false },
    });
    return this.cast(y, { from: dtype, to: 'float32' });
  }

  /**
   * x once `other` is there, as a node of its own. What a backward pass computes anew from it is not the forward pass's node,
   * whose result would lie in memory until then.
   */
  after(x: NodeOutput, other: NodeOutput): NodeOutput {
    const inputs = [x, `^${other.replace(/:\d+$/, '')}`];
    return this.graph.node({ op: 'Identity', inputs, attributes: { T: { type: 'float32' } } });
  }

  /** Means over the last axis of x [N, width], [N, 1]. */
  rowMeans(x: NodeOutput, { rows, width }: { rows: number; width: number }): NodeOutput {
    // a product has a price of its own, which a few rows do not earn back
    return rows <= FEW_ROWS
      ? this.reduce('Mean', x, { axes: [1], keep: true })
      : this.rowSums(x, { width, factor: 1 / width });
  }

  /** Sums over the last axis of x [N, width], [N, 1]: a product with ones is several times faster than the op Sum. */
  rowSums(x: NodeOutput, { width, factor = 1 }: { width: number; factor?: number }): NodeOutput {
    return this.matMul(x, this.graph.constant(new Float32Array(width).fill(factor), [width, 1]));
  }

  /** Sums over the first axis of x [rows, width], [width]. */
  columnSums(x: NodeOutput, { rows, width }: { rows: number; width: number }): NodeOutput {
    const row = this.graph.constant(new Float32Array(rows).fill(1), [1, rows]);
    return this.reshape(this.matMul(row, x), [width]);
  }

  reshape(x: NodeOutput, shape: readonly number[], dtype: DataType = 'float32'): NodeOutput {
    const attributes: Attributes = { T: { type: dtype }, Tshape: { type: 'int32' } };
    return this.graph.pure('Reshape', [x, this.ints(shape)], attributes);
  }

  transpose(x: NodeOutput, axes: readonly number[], dtype: DataType = 'float32'): NodeOutput {
    const attributes: Attributes = { T: { type: dtype }, Tperm: { type: 'int32' } };
    return this.graph.pure('Transpose', [x, this.ints(axes)], attributes);
  }

  cast(x: NodeOutput, types: { from: DataType; to: DataType }): NodeOutput {
    if (types.from === types.to) return x;
    const attributes: Attributes = {
      SrcT: { type: types.from },
      DstT: { type: types.to },
      Truncate: { bool: false },
    };
    return this.graph.pure('Cast', [x], attributes);
  }

  /** Sum, Mean, Max and the like. */
  reduce(
    name: string,
    x: NodeOutput,
    options: { axes: readonly number[]; keep: boolean; dtype?: DataType },
  ): NodeOutput {
    const attributes: Attributes = {
      T: { type: options.dtype ?? 'float32' },
      Tidx: { type: 'int32' },
      keep_dims: { bool: options.keep },
    };
    return this.graph.pure(name, [x, this.ints(options.axes)], attributes);
  }

  /** Rows `indices` of the first axis, or of axis 1 within each row when `perRow`. */
  gather(
    x: NodeOutput,
    indices: NodeOutput,
    { perRow = false, axis = 0, dtype = 'float32' as DataType } = {},
  ): NodeOutput {
    const attributes: Attributes = {
      Tparams: { type: dtype },
      Tindices: { type: 'int32' },
      Taxis: { type: 'int32' },
      batch_dims: { int: perRow ? 1 : 0 },
    };
    return this.graph.pure('GatherV2', [x, indices, this.int(perRow ? 1 : axis)], attributes);
  }

  concat(parts: readonly NodeOutput[], axis: number, dtype: DataType = 'float32'): NodeOutput {
    const attributes: Attributes = {
      T: { type: dtype },
      Tidx: { type: 'int32' },
      N: { int: parts.length },
    };
    return this.graph.pure('ConcatV2', [...parts, this.int(axis)], attributes);
  }

  split(x: NodeOutput, options: { axis: number; count: number; dtype?: DataType }): NodeOutput[] {
    const attributes: Attributes = {
      T: { type: options.dtype ?? 'float32' },
      num_split: { int: options.count },
    };
    return this.many('Split', [this.int(options.axis), x], { attributes, count: options.count });
  }
}
