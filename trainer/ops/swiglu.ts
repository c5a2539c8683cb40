import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel, runKernelForMany, withGradient } from './kernel.ts';

export const SWIGLU = 'PlumblineSwiglu';
export const SWIGLU_GRADIENT = 'PlumblineSwigluGradient';

/** Plain tfjs: silu(gate) * up. */
export function swigluReference(gateNF: Tensor, upNF: Tensor): Tensor {
  return tf.mul(tf.mul(gateNF, tf.sigmoid(gateNF)), upNF);
}

registerReference(SWIGLU, ({ gate, up }) => swigluReference(gate as Tensor, up as Tensor));
// silu'(g) = s + g s (1 - s) with s = sigmoid(g).
registerReference(SWIGLU_GRADIENT, (inputs) => {
  const { gate, up, dy } = inputs as Record<'gate' | 'up' | 'dy', Tensor>;
  const sigmoid = tf.sigmoid(gate);
  const silu = tf.mul(gate, sigmoid);
  const slope = tf.add(sigmoid, tf.mul(silu, tf.sub(1, sigmoid)));
  return [tf.mul(tf.mul(dy, up), slope), tf.mul(dy, silu)];
});

/** `silu(gate) * up`, both [N, F]. */
export function swiglu(gateNF: Tensor, upNF: Tensor): Tensor2D {
  expectTensor('swiglu: gate', gateNF, [null, null]);
  expectTensor('swiglu: up', upNF, gateNF.shape);
  return withGradient(
    [gateNF, upNF],
    () => ({ value: runKernel(SWIGLU, { gate: gateNF, up: upNF }), saved: [gateNF, upNF] }),
    (dy, [gate, up]) => runKernelForMany(SWIGLU_GRADIENT, { gate: gate as Tensor, up: up as Tensor, dy }),
  ) as Tensor2D;
}
