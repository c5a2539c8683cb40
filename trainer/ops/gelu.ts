import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel, withGradient } from './kernel.ts';

export const GELU = 'PlumblineGelu';
export const GELU_GRADIENT = 'PlumblineGeluGradient';

/**
 * 0.5 x (1 + tanh(c (x + 0.044715 x^3))) with c = sqrt(2 / pi), arXiv:1606.08415 section 2. Since (1 + tanh(u)) / 2 is
 * sigmoid(2 u), that is x sigmoid(a x + b x^3): one exponential instead of a hyperbolic tangent.
 */
export const GELU_LINEAR = 2 * Math.sqrt(2 / Math.PI);
export const GELU_CUBIC = GELU_LINEAR * 0.044715;

/** sigmoid(a x + b x^3) */
function gate(x: Tensor): Tensor {
  return tf.sigmoid(tf.mul(x, tf.add(GELU_LINEAR, tf.mul(GELU_CUBIC, tf.square(x)))));
}

registerReference(GELU, ({ x }) => tf.mul(x as Tensor, gate(x as Tensor)));
// With s = sigmoid(a x + b x^3):  y' = s + x s (1 - s) (a + 3 b x^2).
registerReference(GELU_GRADIENT, (inputs) => {
  const { x, dy } = inputs as Record<'x' | 'dy', Tensor>;
  const sigmoid = gate(x);
  const inner = tf.mul(x, tf.add(GELU_LINEAR, tf.mul(3 * GELU_CUBIC, tf.square(x))));
  const slope = tf.mul(sigmoid, tf.add(1, tf.mul(inner, tf.sub(1, sigmoid))));
  return tf.mul(dy, slope);
});

/** GELU in its tanh form (`gelu_new`), elementwise over x [N, F]. */
export function gelu(xNF: Tensor): Tensor2D {
  expectTensor('gelu: x', xNF, [null, null]);
  return withGradient(
    [xNF],
    () => ({ value: runKernel(GELU, { x: xNF }), saved: [xNF] }),
    (dy, [x]) => [runKernel(GELU_GRADIENT, { x: x as Tensor, dy })],
  ) as Tensor2D;
}
