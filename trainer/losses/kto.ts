/** Shapes: B completions of a batch, each with a label of its own. */
import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

export type KtoOptions = {
  beta: number;
  /** lambda_D and lambda_U of the paper */
  desirableWeight: number;
  undesirableWeight: number;
};

/**
 * KTO loss of a batch (arXiv:2402.01306 Eq. 7 and 8), summed with weights: lambda (1 - v), v = s(beta (x - z)) for a desirable
 * completion and s(beta (z - x)) for an undesirable one, x = log pi - log ref.
 *
 * @param ratioB x, summed over the completion's tokens and differentiable, [B]
 * @param isDesirableB 1 or 0, [B]
 * @param weightsB weight of each completion, summing to 1 over a step; 0 pads, [B]
 * @param baseline z, a scalar without gradient: see ktoBaseline
 */
export function kto(args: {
  ratioB: Tensor;
  isDesirableB: Tensor;
  weightsB: Tensor;
  baseline: Tensor;
  options: KtoOptions;
}): Scalar {
  const { ratioB, isDesirableB, weightsB, baseline, options } = args;
  const { beta, desirableWeight, undesirableWeight } = options;
  const gainB = tf.mul(tf.sub(ratioB, baseline), beta);
  // 1 - s(a) = s(-a), exact where s(a) rounds to 1
  const desirableB = tf.mul(tf.sigmoid(tf.neg(gainB)), desirableWeight);
  const undesirableB = tf.mul(tf.sigmoid(gainB), undesirableWeight);
  const lossB = tf.add(tf.mul(isDesirableB, desirableB), tf.mul(tf.sub(1, isDesirableB), undesirableB));
  return tf.sum(tf.mul(lossB, weightsB)) as Scalar;
}
