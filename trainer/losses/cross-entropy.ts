import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/**
 * Cross-entropy over the rows that count: -sum(weight * log p).
 *
 * @param logProbsN log-probability of each row's target, [N]
 * @param weightsN 0 for rows that do not count, else 1 / (GLOBAL number of rows that count): a minibatch of a step is
 *   weighted by the step's count, not by its own, or accumulation changes the loss (training.md P26)
 */
export function crossEntropy(logProbsN: Tensor, weightsN: Tensor): Scalar {
  return tf.neg(tf.sum(tf.mul(logProbsN, weightsN))) as Scalar;
}
