import { sumSquares } from '../ops/sum-squares.ts';
import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/** Square root of the sum of squares over all tensors: the global gradient norm. A scalar tensor, nothing is read back. */
export function globalNorm(tensors: Tensor[]): Scalar {
  const [first, ...rest] = tensors.map(sumSquares);
  if (!first) throw new Error('globalNorm: no tensors');
  return tf.sqrt(rest.reduce((sum, squares) => tf.add(sum, squares), first));
}

/** Factor min(1, maxNorm / (norm + 1e-6)) that torch.nn.utils.clip_grad_norm_ multiplies gradients with; a scalar tensor. */
export function clipScale(norm: Scalar, maxNorm: number): Scalar {
  return tf.minimum(tf.scalar(1), tf.div(tf.scalar(maxNorm), tf.add(norm, 1e-6)));
}
