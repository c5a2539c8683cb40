import type { Tensor } from '../backend/tf.ts';

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
