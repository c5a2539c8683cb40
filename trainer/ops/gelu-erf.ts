import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel, withGradient } from './kernel.ts';

export const GELU_ERF = 'PlumblineGeluErf';
export const GELU_ERF_GRADIENT = 'PlumblineGeluErfGradient';

/** The share of a standard normal below x: (1 + erf(x / sqrt(2))) / 2. */
function normalShare(x: Tensor): Tensor {
  return tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

registerReference(GELU_ERF, ({ x }) => tf.mul(x as Tensor, normalShare(x as Tensor)));
// y = x P(x), so y' = P(x) + x p(x) with the normal density p.
registerReference(GELU_ERF_GRADIENT, (inputs) => {
  const { x, dy } = inputs as Record<'x' | 'dy', Tensor>;
  const density = tf.mul(1 / Math.sqrt(2 * Math.PI), tf.exp(tf.mul(-0.5, tf.square(x))));
  return tf.mul(dy, tf.add(normalShare(x), tf.mul(x, density)));
});

/** GELU itself (`gelu`, arXiv:1606.08415), elementwise over x [N, F]; gelu.ts has the tanh form. */
export function geluErf(xNF: Tensor): Tensor2D {
  expectTensor('geluErf: x', xNF, [null, null]);
  return withGradient(
    [xNF],
    () => ({ value: runKernel(GELU_ERF, { x: xNF }), saved: [xNF] }),
    (dy, [x]) => [runKernel(GELU_ERF_GRADIENT, { x: x as Tensor, dy })],
  ) as Tensor2D;
}
