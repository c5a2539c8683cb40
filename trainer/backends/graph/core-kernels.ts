/** tfjs' own kernels as nodes: those that models, losses and their gradients use. */
import { type TensorInfo, tf } from '../../tensors/tf.ts';
import { asColumns, knownColumns, ofColumns } from './columns.ts';
import type { TensorType } from './graph-writer.ts';
import type { GraphKernel, KernelContext } from './kernel-registration.ts';

/** tfjs' name and TensorFlow's */
const UNARY = {
  Abs: 'Abs',
  Ceil: 'Ceil',
  Cos: 'Cos',
  Elu: 'Elu',
  Erf: 'Erf',
  Exp: 'Exp',
  Expm1: 'Expm1',
  Floor: 'Floor',
  Log: 'Log',
  Log1p: 'Log1p',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Round: 'Round',
  Rsqrt: 'Rsqrt',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Sin: 'Sin',
  Softplus: 'Softplus',
  Sqrt: 'Sqrt',
  Square: 'Square',
  Tanh: 'Tanh',
};
const BINARY = {
  Add: 'AddV2',
  Maximum: 'Maximum',
  Minimum: 'Minimum',
  Multiply: 'Mul',
  Pow: 'Pow',
  RealDiv: 'RealDiv',
  SquaredDifference: 'SquaredDifference',
  Sub: 'Sub',
};
const COMPARISONS = {
  Equal: 'Equal',
  Greater: 'Greater',
  GreaterEqual: 'GreaterEqual',
  Less: 'Less',
  LessEqual: 'LessEqual',
  NotEqual: 'NotEqual',
};
/** tfjs' name, and how it calls the axes */
const REDUCTIONS = {
  Max: 'reductionIndices',
  Mean: 'axis',
  Min: 'axis',
  Prod: 'axis',
  Sum: 'axis',
};

const dtypeOf = (info: TensorInfo) => info.dtype as TensorType;
const sizeOf = (shape: number[]) => shape.reduce((product, size) => product * size, 1);
const broadcast = (a: number[], b: number[]) => tf.backend_util.assertAndGetBroadcastShape(a, b);

export function coreKernels(): Map<string, GraphKernel> {
  const kernels = new Map<string, GraphKernel>();

  for (const [name, op] of Object.entries(UNARY)) {
    kernels.set(name, (inputs, { nodes, node, tensor }) => {
      const { x } = inputs as Record<'x', TensorInfo>;
      return tensor(nodes.op(op, [node(x)], dtypeOf(x)), x.shape, dtypeOf(x));
    });
  }
  for (const [name, op] of [...Object.entries(BINARY), ...Object.entries(COMPARISONS)]) {
    kernels.set(name, (inputs, { nodes, node, tensor }) => {
      const { a, b } = inputs as Record<'a' | 'b', TensorInfo>;
      const y = nodes.op(op, [node(a), node(b)], dtypeOf(a));
      return tensor(y, broadcast(a.shape, b.shape), name in COMPARISONS ? 'bool' : dtypeOf(a));
    });
  }
  const add = kernels.get('Add') as GraphKernel;
  for (const name of ['LogicalAnd', 'LogicalOr']) {
    kernels.set(name, (inputs, { nodes, node, tensor }) => {
      const { a, b } = inputs as Record<'a' | 'b', TensorInfo>;
      const y = nodes.graph.pure(name, [node(a), node(b)], {});
      return tensor(y, broadcast(a.shape, b.shape), 'bool');
    });
  }
  kernels.set('LogicalNot', (inputs, { nodes, node, tensor }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    return tensor(nodes.graph.pure('LogicalNot', [node(x)], {}), x.shape, 'bool');
  });
  for (const [name, attribute] of Object.entries(REDUCTIONS)) {
    kernels.set(name, (inputs, { nodes, node, tensor }, attributes) => {
      const { x } = inputs as Record<'x', TensorInfo>;
      const axes = tf.util.parseAxisParam(attributes[attribute] ?? null, x.shape) as number[];
      const keep = Boolean(attributes.keepDims);
      const dtype = x.dtype === 'bool' ? 'int32' : dtypeOf(x);
      const value = nodes.cast(node(x), { from: dtypeOf(x), to: dtype });
      const shape = keep
        ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
        : x.shape.filter((_, axis) => !axes.includes(axis));
      return tensor(nodes.reduce(name, value, { axes, keep, dtype }), shape, dtype);
    });
  }

  // Residuals stay by columns. Gradients of an embedding that is also the head: the rows of one are added into the other, in place.
  kernels.set('Add', (inputs, context) => {
    const { a, b } = inputs as Record<'a' | 'b', TensorInfo>;
    const { nodes, node, tensor, trace } = context;
    const isSameShape = a.shape.join() === b.shape.join();
    if (isSameShape && (knownColumns(context, a) || knownColumns(context, b)))
      return ofColumns(context, nodes.add(asColumns(context, a), asColumns(context, b)), [
        ...(a.shape as [number, number]),
      ]);
    const [rows, matrix] = trace.scattered.has(node(b)) ? [b, a] : [a, b];
    const scattered = trace.scattered.get(node(rows));
    if (!scattered || !isSameShape) return add(inputs, context, {});
    const ids = nodes.graph.pure('ExpandDims', [scattered.ids, nodes.int(1)], {
      T: { type: 'int32' },
      Tdim: { type: 'int32' },
    });
    const y = nodes.graph.pure('TensorScatterAdd', [node(matrix), ids, scattered.rows], {
      T: { type: 'float32' },
      Tindices: { type: 'int32' },
    });
    return tensor(y, matrix.shape);
  });
  kernels.set('BatchMatMul', (inputs, { nodes, node, tensor, trace }, { transposeA, transposeB }) => {
    const { a, b } = inputs as Record<'a' | 'b', TensorInfo>;
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const rows = a.shape.at(transposeA ? -1 : -2) as number;
    const columns = b.shape.at(transposeB ? -2 : -1) as number;
    const transpose = { a: Boolean(transposeA), b: Boolean(transposeB) };
    const inner = a.shape.at(transposeA ? -2 : -1) as number;
    const operands = [node(a), node(b), transpose] as const;
    if (a.shape.length !== 2 || b.shape.length !== 2)
      return tensor(nodes.batchProduct(...operands), [...batch, rows, columns]);
    // the gradients of a head with one output are float32 as its forward pass is
    const isThin = rows === 1 || columns === 1 || inner === 1;
    const scaled = trace.rowScaled.get(node(a));
    if (scaled && !isThin && !transposeB) {
      // diag(f) S W = diag(f) (S W), and (diag(f) S)^T X = S^T (diag(f) X): the gradient of the logits stays as it is
      const { matrix, factorsN1 } = scaled;
      const y = transposeA
        ? nodes.product(matrix, nodes.mul(node(b), factorsN1), transpose)
        : nodes.mul(nodes.product(matrix, node(b), transpose), factorsN1);
      return tensor(y, [...batch, rows, columns]);
    }
    const product = isThin ? nodes.matMul(...operands) : nodes.product(...operands);
    return tensor(product, [...batch, rows, columns]);
  });
  kernels.set('Softmax', (inputs, { nodes, node, tensor }) => {
    const { logits } = inputs as Record<'logits', TensorInfo>;
    return tensor(nodes.op('Softmax', [node(logits)]), logits.shape);
  });
  kernels.set('ArgMax', (inputs, { nodes, node, tensor }, { axis }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const [along] = tf.util.parseAxisParam(axis, x.shape) as [number];
    const y = nodes.graph.pure('ArgMax', [node(x), nodes.int(along)], {
      T: { type: dtypeOf(x) },
      Tidx: { type: 'int32' },
      output_type: { type: 'int32' },
    });
    const shape = x.shape.filter((_, i) => i !== along);
    return tensor(y, shape, 'int32');
  });
  kernels.set('Cumsum', (inputs, { nodes, node, tensor }, { axis, exclusive, reverse }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const y = nodes.graph.pure('Cumsum', [node(x), nodes.int(axis)], {
      T: { type: dtypeOf(x) },
      Tidx: { type: 'int32' },
      exclusive: { bool: Boolean(exclusive) },
      reverse: { bool: Boolean(reverse) },
    });
    return tensor(y, x.shape, dtypeOf(x));
  });

  kernels.set('ClipByValue', (inputs, { nodes, node, tensor }, { clipValueMin, clipValueMax }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const bounded = nodes.op('Maximum', [node(x), nodes.float(clipValueMin)]);
    return tensor(nodes.op('Minimum', [bounded, nodes.float(clipValueMax)]), x.shape);
  });
  kernels.set('Step', (inputs, { nodes, node, tensor }, { alpha }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const isPositive = nodes.op('Greater', [node(x), nodes.float(0)]);
    return tensor(nodes.op('SelectV2', [isPositive, nodes.float(1), nodes.float(alpha ?? 0)]), x.shape);
  });
  kernels.set('Select', (inputs, { nodes, node, tensor }) => {
    const { condition, t, e } = inputs as Record<'condition' | 't' | 'e', TensorInfo>;
    return tensor(nodes.op('SelectV2', [node(condition), node(t), node(e)], dtypeOf(t)), t.shape, dtypeOf(t));
  });
  kernels.set('AddN', (inputs, { nodes, node, tensor }) => {
    const terms = Object.values(inputs);
    const [first] = terms as [TensorInfo];
    const y = nodes.graph.pure('AddN', terms.map(node), {
      T: { type: dtypeOf(first) },
      N: { int: terms.length },
    });
    return tensor(y, first.shape, dtypeOf(first));
  });
  kernels.set('Cast', (inputs, { nodes, node, tensor }, { dtype }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    return tensor(nodes.cast(node(x), { from: dtypeOf(x), to: dtype }), x.shape, dtype);
  });
  for (const [name, value] of [
    ['ZerosLike', 0],
    ['OnesLike', 1],
  ] as const) {
    kernels.set(name, (inputs, { tensor, nodes }) => {
      const { x } = inputs as Record<'x', TensorInfo>;
      const dtype = dtypeOf(x);
      const scalar = nodes.graph.constant(
        dtype === 'int32' ? Int32Array.of(value) : Float32Array.of(value),
        [],
      );
      const y = nodes.graph.pure('Fill', [nodes.ints(x.shape), scalar], {
        T: { type: dtype === 'int32' ? 'int32' : 'float32' },
        index_type: { type: 'int32' },
      });
      return tensor(
        nodes.cast(y, { from: dtype === 'int32' ? 'int32' : 'float32', to: dtype }),
        x.shape,
        dtype,
      );
    });
  }
  for (const [name, kernel] of shapeKernels()) kernels.set(name, kernel);
  return kernels;
}

function shapeKernels(): Map<string, GraphKernel> {
  const kernels = new Map<string, GraphKernel>();
  const reshape = (x: TensorInfo, shape: number[], { nodes, node, tensor }: KernelContext) =>
    tensor(nodes.reshape(node(x), shape, dtypeOf(x)), shape, dtypeOf(x));

  kernels.set('Reshape', (inputs, context, attributes) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    return reshape(x, tf.util.inferFromImplicitShape(attributes.shape, sizeOf(x.shape)), context);
  });
  kernels.set('ExpandDims', (inputs, context, { dim }) => {
    const { input } = inputs as Record<'input', TensorInfo>;
    const shape = [...input.shape];
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
    return reshape(input, shape, context);
  });
  kernels.set('Transpose', (inputs, { nodes, node, tensor }, { perm }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const shape = (perm as number[]).map((axis) => x.shape[axis] as number);
    return tensor(nodes.transpose(node(x), perm, dtypeOf(x)), shape, dtypeOf(x));
  });
  kernels.set('Concat', (inputs, { nodes, node, tensor }, attributes) => {
    const parts = Object.values(inputs);
    const [first] = parts as [TensorInfo];
    const [axis] = tf.util.parseAxisParam(attributes.axis, first.shape) as [number];
    const shape = [...first.shape];
    shape[axis] = parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0);
    return tensor(nodes.concat(parts.map(node), axis, dtypeOf(first)), shape, dtypeOf(first));
  });
  kernels.set('Pack', (inputs, { nodes, node, tensor }, { axis }) => {
    const parts = Object.values(inputs);
    const [first] = parts as [TensorInfo];
    const dtype = dtypeOf(first);
    const y = nodes.graph.pure('Pack', parts.map(node), {
      T: { type: dtype },
      N: { int: parts.length },
      axis: { int: axis },
    });
    const shape = [...first.shape];
    shape.splice(axis, 0, parts.length);
    return tensor(y, shape, dtype);
  });
  kernels.set('Unpack', (inputs, { nodes, node, tensor }, attributes) => {
    const { value } = inputs as Record<'value', TensorInfo>;
    const [axis] = tf.util.parseAxisParam(attributes.axis, value.shape) as [number];
    const count = value.shape[axis] as number;
    const types = { T: { type: dtypeOf(value) }, num: { int: count }, axis: { int: axis } };
    const shape = value.shape.filter((_, i) => i !== axis);
    return nodes
      .many('Unpack', [node(value)], { attributes: types, count })
      .map((part) => tensor(part, shape, dtypeOf(value)));
  });
  kernels.set('Slice', (inputs, { nodes, node, tensor }, attributes) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const [begin, size] = tf.slice_util.parseSliceParams(x, attributes.begin, attributes.size) as [
      number[],
      number[],
    ];
    const y = nodes.graph.pure('Slice', [node(x), nodes.ints(begin), nodes.ints(size)], {
      T: { type: dtypeOf(x) },
      Index: { type: 'int32' },
    });
    return tensor(y, size, dtypeOf(x));
  });
  kernels.set('SplitV', (inputs, { nodes, node, tensor }, { numOrSizeSplits, axis }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const [along] = tf.util.parseAxisParam(axis, x.shape) as [number];
    const sizes = tf.backend_util.prepareSplitSize(x as never, numOrSizeSplits, along);
    const parts = nodes.many('SplitV', [node(x), nodes.ints(sizes), nodes.int(along)], {
      attributes: { T: { type: dtypeOf(x) }, Tlen: { type: 'int32' }, num_split: { int: sizes.length } },
      count: sizes.length,
    });
    return parts.map((part, i) => {
      const shape = [...x.shape];
      shape[along] = sizes[i] as number;
      return tensor(part, shape, dtypeOf(x));
    });
  });
  kernels.set('PadV2', (inputs, { nodes, node, tensor }, { paddings, constantValue }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const dtype = dtypeOf(x);
    const pairs = paddings as [number, number][];
    const table = nodes.graph.constant(Int32Array.from(pairs.flat()), [pairs.length, 2]);
    const value = dtype === 'int32' ? nodes.int(constantValue) : nodes.float(constantValue);
    const types = { T: { type: dtype }, Tpaddings: { type: 'int32' } } as const;
    const shape = x.shape.map((size, i) => size + (pairs[i]?.[0] ?? 0) + (pairs[i]?.[1] ?? 0));
    return tensor(nodes.graph.pure('PadV2', [node(x), table, value], types), shape, dtype);
  });
  kernels.set('Tile', (inputs, { nodes, node, tensor }, { reps }) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const types = { T: { type: dtypeOf(x) }, Tmultiples: { type: 'int32' } } as const;
    const shape = x.shape.map((size, i) => size * (reps[i] as number));
    return tensor(nodes.graph.pure('Tile', [node(x), nodes.ints(reps)], types), shape, dtypeOf(x));
  });
  kernels.set('GatherV2', (inputs, { nodes, node, tensor }, attributes) => {
    const { x, indices } = inputs as Record<'x' | 'indices', TensorInfo>;
    const [axis] = tf.util.parseAxisParam(attributes.axis, x.shape) as [number];
    if (attributes.batchDims) throw new Error('native backend: gather with batchDims is not a node yet');
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return tensor(nodes.gather(node(x), node(indices), { axis, dtype: dtypeOf(x) }), shape, dtypeOf(x));
  });
  kernels.set('UnsortedSegmentSum', (inputs, { nodes, node, tensor }, { numSegments }) => {
    const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', TensorInfo>;
    const y = nodes.graph.pure('UnsortedSegmentSum', [node(x), node(segmentIds), nodes.int(numSegments)], {
      T: { type: dtypeOf(x) },
      Tindices: { type: 'int32' },
      Tnumsegments: { type: 'int32' },
    });
    return tensor(y, [numSegments, ...x.shape.slice(segmentIds.shape.length)], dtypeOf(x));
  });
  kernels.set('OneHot', (inputs, { nodes, node, tensor }, { dtype, depth, onValue, offValue }) => {
    const { indices } = inputs as Record<'indices', TensorInfo>;
    const scalar = (value: number) => (dtype === 'int32' ? nodes.int(value) : nodes.float(value));
    const y = nodes.graph.pure(
      'OneHot',
      [node(indices), nodes.int(depth), scalar(onValue), scalar(offValue)],
      { T: { type: dtype }, TI: { type: 'int32' }, axis: { int: -1 } },
    );
    return tensor(y, [...indices.shape, depth], dtype);
  });
  return kernels;
}
