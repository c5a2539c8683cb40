import { type TensorInfo, tf } from '../../tensors/tf.ts';
import type { SimdBackend } from './backend.ts';

/**
 * `combine` of two float32 tensors of different shapes, by tfjs' broadcasting rules, in plain JavaScript. The cpu backend
 * makes three arrays for every element here: a [1280, 128] times a [1280, 1] takes it 20 ms.
 */
export function combineBroadcast(
  backend: SimdBackend,
  operands: { a: TensorInfo; b: TensorInfo },
  combine: (x: number, y: number) => number,
): TensorInfo {
  const { a, b } = operands;
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const [stridesA, stridesB] = [stridesWithin(a.shape, shape), stridesWithin(b.shape, shape)];
  const result = backend.output(shape);
  const [x, y, out] = [a, b, result].map((info) => backend.values(info)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const rank = shape.length;
  const inner = shape[rank - 1] ?? 1;
  const stepA = stridesA[rank - 1] ?? 0;
  const stepB = stridesB[rank - 1] ?? 0;
  const place = new Array<number>(rank).fill(0);
  let [atA, atB] = [0, 0];
  for (let at = 0; at < out.length; at += inner) {
    for (let i = 0; i < inner; i++) {
      out[at + i] = combine(x[atA + i * stepA] as number, y[atB + i * stepB] as number);
    }
    // On to the next row, as an odometer counts.
    for (let axis = rank - 2; axis >= 0; axis--) {
      atA += stridesA[axis] as number;
      atB += stridesB[axis] as number;
      place[axis] = (place[axis] as number) + 1;
      const size = shape[axis] as number;
      if ((place[axis] as number) < size) break;
      atA -= (stridesA[axis] as number) * size;
      atB -= (stridesB[axis] as number) * size;
      place[axis] = 0;
    }
  }
  return result;
}

/** Element strides of a tensor along the axes of the result: 0 where it is repeated. */
function stridesWithin(shape: number[], result: number[]): number[] {
  const strides = new Array<number>(result.length).fill(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (size > 1) strides[axis + result.length - shape.length] = stride;
    stride *= size;
  }
  return strides;
}
