/** Shapes: M scored responses of a batch, P pairs of them. */
import { type Scalar, type Tensor, type Tensor1D, tf } from '../tensors/tf.ts';

/**
 * Bradley-Terry loss with soft targets, margins and centring (training.md R1-R4, R6):
 * sum over pairs of weight * [p softplus(-(d - m)) + (1 - p) softplus(d - m) + c (r_chosen + r_rejected)^2], d = r_chosen -
 * r_rejected. softplus, not log(1 + exp): no overflow at any d. p = 1 is the plain loss, p = 0.5 a tie.
 *
 * @param scoresM scores of all responses of the batch, [M]
 * @param chosenP, rejectedP int32 indices into scoresM, [P]
 * @param targetsP probability that chosen is the better one, [P]
 * @param marginsP m, [P], 0 for ties
 * @param weightsP weight of each pair; 1 / (prompts * pairs of the prompt) makes every prompt count the same (R4); 0 pads
 * @param centering c, the coefficient of arXiv:2312.09244 Eq. 4
 */
export function rewardPairwise(args: {
  scoresM: Tensor;
  chosenP: Tensor;
  rejectedP: Tensor;
  targetsP: Tensor;
  marginsP: Tensor;
  weightsP: Tensor;
  centering: number;
}): Scalar {
  const { scoresM, chosenP, rejectedP, targetsP, marginsP, weightsP, centering } = args;
  const chosenScoresP = tf.gather(scoresM, chosenP as Tensor1D);
  const rejectedScoresP = tf.gather(scoresM, rejectedP as Tensor1D);
  const logitP = tf.sub(tf.sub(chosenScoresP, rejectedScoresP), marginsP);
  const lossP = tf.add(
    tf.mul(targetsP, tf.softplus(tf.neg(logitP))),
    tf.mul(tf.sub(1, targetsP), tf.softplus(logitP)),
  );
  const sumP = tf.add(chosenScoresP, rejectedScoresP);
  const centredP = tf.add(lossP, tf.mul(tf.square(sumP), centering));
  return tf.sum(tf.mul(centredP, weightsP)) as Scalar;
}
