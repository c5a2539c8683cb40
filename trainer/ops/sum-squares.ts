import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';
import { registerReference, runKernel } from './kernel.ts';

export const SUM_SQUARES = 'PlumblineSumSquares';

registerReference(SUM_SQUARES, ({ x }) => tf.sum(tf.square(x as Tensor)));

/** The sum of the squares of all elements, a scalar; for the global gradient norm. No gradient of its own. */
export function sumSquares(x: Tensor): Scalar {
  return runKernel(SUM_SQUARES, { x }) as Scalar;
}
