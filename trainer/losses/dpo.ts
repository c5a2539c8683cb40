import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/** Which loss on d = (log pi_c - log ref_c) - (log pi_r - log ref_r); training.md 2.4. */
export type DpoLoss =
  | { kind: 'sigmoid' }
  | { kind: 'hinge' }
  /** (d - 1 / 2 beta)^2. Give length-normalised log-probabilities for TRL's form, sums for the original repository's */
  | { kind: 'ipo' }
  /** labels are wrong with probability epsilon, as a soft target */
  | { kind: 'conservative'; epsilon: number }
  /** the same noise, unbiased (arXiv:2403.00409) */
  | { kind: 'robust'; epsilon: number };

/**
 * Mean DPO loss of a batch of pairs (arXiv:2305.18290 Eq. 7).
 *
 * @param policyChosenB, policyRejectedB sums over completion tokens of log pi, differentiable, [B]
 * @param referenceChosenB, referenceRejectedB the same of the frozen reference, [B]
 */
export function dpo(args: {
  policyChosenB: Tensor;
  policyRejectedB: Tensor;
  referenceChosenB: Tensor;
  referenceRejectedB: Tensor;
  beta: number;
  loss: DpoLoss;
}): Scalar {
  const { policyChosenB, policyRejectedB, referenceChosenB, referenceRejectedB, beta, loss } = args;
  const differenceB = tf.sub(
    tf.sub(policyChosenB, referenceChosenB),
    tf.sub(policyRejectedB, referenceRejectedB),
  );
  const logitB = tf.mul(differenceB, beta);
  const rightB = tf.softplus(tf.neg(logitB));
  const wrongB = tf.softplus(logitB);
  switch (loss.kind) {
    case 'sigmoid':
      return tf.mean(rightB) as Scalar;
    case 'hinge':
      return tf.mean(tf.relu(tf.sub(1, logitB))) as Scalar;
    case 'ipo':
      return tf.mean(tf.square(tf.sub(differenceB, 1 / (2 * beta)))) as Scalar;
    case 'conservative':
      return tf.mean(tf.add(tf.mul(rightB, 1 - loss.epsilon), tf.mul(wrongB, loss.epsilon))) as Scalar;
    case 'robust': {
      const mixedB = tf.sub(tf.mul(rightB, 1 - loss.epsilon), tf.mul(wrongB, loss.epsilon));
      return tf.mean(tf.div(mixedB, 1 - 2 * loss.epsilon)) as Scalar;
    }
  }
}
