import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/** |log pi - log pi_old| is held within this before exp (verl core_algos.py); beyond it float32 is near overflow. */
const MAX_LOG_RATIO = 20;

/**
 * Clipped surrogate (arXiv:1707.06347 Eq. 7; training.md P23) with the optional dual clip (arXiv:1912.09729; P24):
 * sum of weight * max(-A rho, -A clip(rho, 1 - e, 1 + e)), and for A < 0 no more than -c A.
 *
 * @param logProbsN new log-probabilities, the only differentiable input, [N]
 * @param oldLogProbsN, advantagesN [N], constants
 * @param weightsN 0 outside the action tokens, else 1 / (GLOBAL number of action tokens), [N] (P26)
 */
export function ppoPolicy(args: {
  logProbsN: Tensor;
  oldLogProbsN: Tensor;
  advantagesN: Tensor;
  weightsN: Tensor;
  clipRange: number;
  dualClip: number | null;
}): Scalar {
  const { logProbsN, oldLogProbsN, advantagesN, weightsN, clipRange, dualClip } = args;
  const logRatioN = tf.clipByValue(tf.sub(logProbsN, oldLogProbsN), -MAX_LOG_RATIO, MAX_LOG_RATIO);
  const ratioN = tf.exp(logRatioN);
  const gainN = tf.neg(advantagesN);
  const clippedN = tf.clipByValue(ratioN, 1 - clipRange, 1 + clipRange);
  const surrogateN = tf.maximum(tf.mul(gainN, ratioN), tf.mul(gainN, clippedN));
  if (dualClip === null) return tf.sum(tf.mul(surrogateN, weightsN)) as Scalar;
  // Where A >= 0 the bound is out of reach (1e9), so one minimum serves both signs without a branch on data.
  const negativeN = tf.cast(tf.less(advantagesN, 0), 'float32');
  const boundN = tf.add(tf.mul(tf.mul(gainN, dualClip), negativeN), tf.mul(tf.sub(1, negativeN), 1e9));
  return tf.sum(tf.mul(tf.minimum(surrogateN, boundN), weightsN)) as Scalar;
}
