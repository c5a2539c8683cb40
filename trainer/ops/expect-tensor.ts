import type { Tensor } from '../tensors/tf.ts';

/**
 * Throws when a tensor is not what an op takes. `shape` has null where any size will do.
 * @throws Error naming the op, the argument, what it is and what was expected
 */
export function expectTensor(
  argument: string,
  tensor: Tensor,
  shape: (number | null)[],
  dtype: 'float32' | 'int32' = 'float32',
): void {
  const fits =
    tensor.dtype === dtype &&
    tensor.shape.length === shape.length &&
    shape.every((size, axis) => size === null || size === tensor.shape[axis]);
  if (fits) return;
  const expected = shape.map((size) => size ?? '?').join(', ');
  throw new Error(
    `${argument} is ${tensor.dtype} [${tensor.shape.join(', ')}], expected ${dtype} [${expected}]`,
  );
}

/**
 * Throws at the first value outside 0..bound-1. Only for kernels, which may read their inputs.
 * @throws Error naming the argument, the place, the value and what was expected
 */
export function expectBelow(argument: string, values: ArrayLike<number>, bound: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < 0 || value >= bound) {
      throw new Error(`${argument}[${i}] is ${value}, expected 0 to ${bound - 1}`);
    }
  }
}
