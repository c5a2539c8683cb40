/** Kernels of tfjs itself that training meets on large tensors; all else stays with the cpu backend. */
import { type TensorInfo, tf } from '../../tensors/tf.ts';
import { type SimdBackend, sizeOf } from './backend.ts';
import { combineBroadcast } from './broadcast.ts';
import { registerSimdKernel, type SimdKernel } from './kernel-registration.ts';
import { runFlat } from './op-kernels.ts';
import { multiplyMatrices } from './product.ts';

type Values = Float32Array | Int32Array;

const CHEAP = 8192;
/** Below this many elements, JavaScript is done before a kernel is called. */
const SMALL = 256;

/** By kernel name: the WebAssembly kernel for equal shapes, if there is one, and what it does to two elements. */
const ARITHMETIC: { name: string; kernel?: string; combine: (x: number, y: number) => number }[] = [
  { name: 'Add', kernel: 'add', combine: (x, y) => x + y },
  { name: 'Sub', kernel: 'subtract', combine: (x, y) => x - y },
  { name: 'Multiply', kernel: 'multiplyElements', combine: (x, y) => x * y },
  { name: 'RealDiv', combine: (x, y) => x / y },
];

export function registerCoreKernels(): void {
  overrideKernel('BatchMatMul', (inputs, backend, attributes) => {
    const { a, b } = inputs as Record<'a' | 'b', TensorInfo>;
    const [batchA, batchB] = [a, b].map((info) => sizeOf(info.shape.slice(0, -2))) as [number, number];
    const isFloat = a.dtype === 'float32' && b.dtype === 'float32';
    if (!isFloat || a.shape.length !== b.shape.length || batchA !== batchB) return undefined;
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
    const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
    const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
    const n = transposeB ? rowsB : columnsB;
    const y = backend.output([...a.shape.slice(0, -2), m, n]);
    const [pa, pb, pc] = [a, b, y].map((info) => backend.pointer(info)) as [number, number, number];
    for (let i = 0; i < batchA; i++) {
      multiplyMatrices(backend, {
        ...{ m, n, k },
        a: { pointer: pa + i * m * k * 4, row: transposeA ? 1 : k, depth: transposeA ? m : 1 },
        b: { pointer: pb + i * k * n * 4, depth: transposeB ? 1 : n, column: transposeB ? k : 1 },
        c: pc + i * m * n * 4,
      });
    }
    return y;
  });

  for (const { name, kernel, combine } of ARITHMETIC) {
    overrideKernel(name, (inputs, backend) => {
      const { a, b } = inputs as Record<'a' | 'b', TensorInfo>;
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
      if (a.shape.join() !== b.shape.join()) return combineBroadcast(backend, { a, b }, combine);
      if (!kernel || sizeOf(a.shape) < SMALL) return undefined;
      const y = backend.output(a.shape);
      runFlat(backend, kernel, [a, b, y], CHEAP);
      return y;
    });
  }

  // Accuracy of every token: the largest of each row of logits, the first where several are equal.
  overrideKernel('ArgMax', (inputs, backend, attributes) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const axis = [attributes.axis as number | number[]].flat();
    if (x.dtype !== 'float32' || x.shape.length !== 2 || axis.join() !== '1') return undefined;
    const [rows, width] = x.shape as [number, number];
    const best = backend.output([rows], 'int32');
    const [values, places] = [backend.values(x), backend.values(best)];
    for (let row = 0; row < rows; row++) {
      const start = row * width;
      let top = start;
      for (let i = start + 1; i < start + width; i++) {
        if ((values[i] as number) > (values[top] as number)) top = i;
      }
      places[row] = top - start;
    }
    return best;
  });

  // Query, key and value out of one projection, and back together in its gradient: copies of contiguous stretches.
  overrideKernel('SplitV', (inputs, backend, attributes) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    if (x.dtype !== 'float32') return undefined;
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, x.shape) as [number];
    const sizes = tf.backend_util.prepareSplitSize(x as never, attributes.numOrSizeSplits as number[], axis);
    const parts = sizes.map((size) =>
      backend.output([...x.shape.slice(0, axis), size, ...x.shape.slice(axis + 1)]),
    );
    eachStretch(backend, { whole: x, parts, axis }, (whole, part) => part.set(whole));
    return parts;
  });
  overrideKernel('Concat', (inputs, backend, attributes) => {
    const parts = Object.values(inputs).filter(({ shape }) => sizeOf(shape) > 0);
    const [first] = parts;
    if (!first || parts.some(({ dtype }) => dtype !== 'float32')) return undefined;
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, first.shape) as [number];
    const shape = tf.backend_util.computeOutShape(
      parts.map((part) => part.shape),
      axis,
    );
    const whole = backend.output(shape);
    eachStretch(backend, { whole, parts, axis }, (target, part) => target.set(part));
    return whole;
  });

  // The gradient of a bias: sums over the first axis of two.
  overrideKernel('Sum', (inputs, backend, attributes) => {
    const { x } = inputs as Record<'x', TensorInfo>;
    const { axis, keepDims } = attributes as { axis: number | number[]; keepDims: boolean };
    if (x.dtype !== 'float32' || x.shape.length !== 2 || keepDims || [axis].flat().join() !== '0')
      return undefined;
    const [rows, width] = x.shape as [number, number];
    const sums = backend.zeros([width]);
    const args = [rows, width, backend.pointer(x), backend.pointer(sums)];
    backend.run({ kernel: 'sumOfRows', units: width, cut: 4, minimum: CHEAP / rows, args });
    return sums;
  });
}

/** Goes over what a tensor and its parts along `axis` have in common: views of the same elements, one in each. */
function eachStretch(
  backend: SimdBackend,
  { whole, parts, axis }: { whole: TensorInfo; parts: TensorInfo[]; axis: number },
  copy: (whole: Values, part: Values) => void,
): void {
  const outer = sizeOf(whole.shape.slice(0, axis));
  const step = sizeOf(whole.shape.slice(axis));
  const values = backend.values(whole);
  let start = 0;
  for (const part of parts) {
    const length = sizeOf(part.shape.slice(axis));
    const partValues = backend.values(part);
    for (let i = 0; i < outer; i++) {
      const from = i * step + start;
      copy(values.subarray(from, from + length), partValues.subarray(i * length, (i + 1) * length));
    }
    start += length;
  }
}

/** Registers a kernel that takes the cases it knows and leaves the others (undefined) to the cpu backend. */
function overrideKernel(
  name: string,
  kernel: (
    inputs: Record<string, TensorInfo>,
    backend: SimdBackend,
    attributes: Record<string, unknown>,
  ) => ReturnType<SimdKernel> | undefined,
): void {
  const fallback = tf.getKernel(name, 'simd');
  if (!fallback) throw new Error(`simd backend: tfjs' cpu backend has no kernel ${name}`);
  registerSimdKernel(
    name,
    (inputs, backend, attributes) =>
      kernel(inputs, backend, attributes) ??
      (fallback.kernelFunc({ inputs, backend, attrs: attributes as never }) as TensorInfo | TensorInfo[]),
  );
}
