/** Shapes: B prompts, K responses each. */
import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/**
 * Mean negative log-likelihood of a whole ranking under Plackett-Luce: the best is drawn from all K by softmax, the next from
 * the rest, and so on.
 *
 * @param scoresBK scores from best to worst, [B, K]
 */
export function plackettLuce(scoresBK: Tensor): Scalar {
  const [, numResponses = 0] = scoresBK.shape;
  const terms: Tensor[] = [];
  for (let place = 0; place < numResponses - 1; place++) {
    const restBK = tf.slice(scoresBK, [0, place], [-1, numResponses - place]);
    const placedB = tf.squeeze(tf.slice(scoresBK, [0, place], [-1, 1]), [1]);
    terms.push(tf.sub(tf.logSumExp(restBK, 1), placedB));
  }
  return tf.mean(tf.addN(terms)) as Scalar;
}

/**
 * Mean cross-entropy of picking the best of K by softmax (lm-human-preferences lm_human_preferences/label_types.py; R5).
 *
 * @param scoresBK scores with the best one in column 0, [B, K]
 */
export function bestOfK(scoresBK: Tensor): Scalar {
  const bestB = tf.squeeze(tf.slice(scoresBK, [0, 0], [-1, 1]), [1]);
  return tf.mean(tf.sub(tf.logSumExp(scoresBK, 1), bestB)) as Scalar;
}
