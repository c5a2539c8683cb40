import { type Tensor, tf, type Variable } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernelForMany } from './kernel.ts';

export const ADAMW = 'PlumblineAdamW';

export type AdamWCoefficients = { beta1: number; beta2: number; epsilon: number; weightDecay: number };

type AdamWArguments = {
  param: Variable;
  grad: Tensor;
  firstMoment: Variable;
  secondMoment: Variable;
  /** scalar */
  learningRate: Tensor;
  /** scalar, 1 - beta1^t */
  biasCorrection1: Tensor;
  /** scalar, 1 - beta2^t */
  biasCorrection2: Tensor;
  /** scalar that multiplies the gradient first: the clipping factor */
  gradScale: Tensor;
};

registerReference(ADAMW, (inputs, attributes) => {
  const {
    param,
    grad,
    firstMoment,
    secondMoment,
    learningRate,
    biasCorrection1,
    biasCorrection2,
    gradScale,
  } = inputs as unknown as AdamWArguments;
  const { beta1, beta2, epsilon, weightDecay } = attributes as AdamWCoefficients;
  const gradient = tf.mul(grad, gradScale);
  firstMoment.assign(tf.add(tf.mul(firstMoment, beta1), tf.mul(gradient, 1 - beta1)));
  secondMoment.assign(tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
  const decayed = tf.sub(param, tf.mul(param, tf.mul(learningRate, weightDecay)));
  const denominator = tf.add(tf.sqrt(tf.div(secondMoment, biasCorrection2)), epsilon);
  const step = tf.mul(tf.div(learningRate, biasCorrection1), tf.div(firstMoment, denominator));
  param.assign(tf.sub(decayed, step));
  return [];
});

/**
 * One step of AdamW as torch.optim.AdamW takes it, on the three variables in place:
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`, `p -= lr wd p`, `p -= lr / c1 * m / (sqrt(v / c2) + eps)`
 * with `g = gradScale * grad` (Loshchilov and Hutter, arXiv 1711.05101).
 */
export function adamw(args: AdamWArguments, coefficients: AdamWCoefficients): void {
  const {
    param,
    grad,
    firstMoment,
    secondMoment,
    learningRate,
    biasCorrection1,
    biasCorrection2,
    gradScale,
  } = args;
  expectTensor(`adamw: grad of ${param.name}`, grad, param.shape);
  expectTensor(`adamw: firstMoment of ${param.name}`, firstMoment, param.shape);
  expectTensor(`adamw: secondMoment of ${param.name}`, secondMoment, param.shape);
  const scalars = { learningRate, biasCorrection1, biasCorrection2, gradScale };
  for (const [name, scalar] of Object.entries(scalars)) expectTensor(`adamw: ${name}`, scalar, []);
  runKernelForMany(ADAMW, { param, grad, firstMoment, secondMoment, ...scalars }, coefficients);
}
