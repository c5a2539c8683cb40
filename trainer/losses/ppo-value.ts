import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/**
 * Clipped value loss (training.md P25; lm-human-preferences lm_human_preferences/train_policy.py): sum of weight * 0.5 *
 * max((V - R)^2, (clip(V, V_old - e, V_old + e) - R)^2).
 *
 * @param valuesN new values, the only differentiable input, [N]
 * @param oldValuesN, returnsN [N], constants
 * @param weightsN 0 outside the action tokens, else 1 / (GLOBAL number of action tokens), [N]
 */
export function ppoValue(args: {
  valuesN: Tensor;
  oldValuesN: Tensor;
  returnsN: Tensor;
  weightsN: Tensor;
  clipRange: number;
}): Scalar {
  const { valuesN, oldValuesN, returnsN, weightsN, clipRange } = args;
  // clip(V, V_old +- e) as V_old + clip(V - V_old, +-e): clipByValue takes numbers only.
  const heldN = tf.add(oldValuesN, tf.clipByValue(tf.sub(valuesN, oldValuesN), -clipRange, clipRange));
  const plainN = tf.square(tf.sub(valuesN, returnsN));
  const clippedN = tf.square(tf.sub(heldN, returnsN));
  return tf.mul(0.5, tf.sum(tf.mul(tf.maximum(plainN, clippedN), weightsN))) as Scalar;
}
