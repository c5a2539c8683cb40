import { type Tensor, tf } from '../tensors/tf.ts';
import { registerReference, runKernel } from './kernel.ts';

export const AFTER = 'PlumblineAfter';

registerReference(AFTER, ({ x }) => tf.clone(x as Tensor));

/**
 * A copy of x that a tracing backend makes only after `other` is there. Without the wait, nodes computed from the copy would be
 * the same as those computed from x before, which then had to be kept. No gradient.
 */
export function after(x: Tensor, other: Tensor): Tensor {
  return runKernel(AFTER, { x, other });
}
