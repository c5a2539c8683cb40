import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernelForMany, withGradient } from './kernel.ts';

export const RMS_NORM = 'PlumblineRmsNorm';
export const RMS_NORM_GRADIENT = 'PlumblineRmsNormGradient';

/** Plain tfjs: [y, 1 / rms], the second [N, 1]. */
export function rmsNormReference(xND: Tensor, weightD: Tensor, eps: number): [Tensor, Tensor] {
  const inverseRmsN1 = tf.div(1, tf.sqrt(tf.add(tf.mean(tf.square(xND), 1, true), eps)));
  return [tf.mul(tf.mul(xND, inverseRmsN1), weightD), inverseRmsN1];
}

registerReference(RMS_NORM, ({ x, weight }, { eps }) =>
  rmsNormReference(x as Tensor, weight as Tensor, eps as number),
);
// With xn = x / rms and g = dy * w:  dx = (g - xn * mean(g * xn)) / rms,  dw = sum over rows of dy * xn.
registerReference(RMS_NORM_GRADIENT, (inputs) => {
  const { x, weight, inverseRms, dy } = inputs as Record<'x' | 'weight' | 'inverseRms' | 'dy', Tensor>;
  const normalisedND = tf.mul(x, inverseRms);
  const gND = tf.mul(dy, weight);
  const projectionN1 = tf.mean(tf.mul(gND, normalisedND), 1, true);
  const dxND = tf.mul(tf.sub(gND, tf.mul(normalisedND, projectionN1)), inverseRms);
  return [dxND, tf.sum(tf.mul(dy, normalisedND), 0)];
});

/** Root-mean-square norm over the last axis: x [N, D], weight [D], `x / sqrt(mean(x^2) + eps) * weight`. */
export function rmsNorm(xND: Tensor, weightD: Tensor, eps: number): Tensor2D {
  expectTensor('rmsNorm: x', xND, [null, weightD.shape[0] ?? null]);
  expectTensor('rmsNorm: weight', weightD, [null]);
  return withGradient(
    [xND, weightD],
    () => {
      const [y, inverseRms] = runKernelForMany(RMS_NORM, { x: xND, weight: weightD }, { eps });
      return { value: y as Tensor, saved: [xND, weightD, inverseRms as Tensor] };
    },
    (dy, [x, weight, inverseRms]) =>
      runKernelForMany(RMS_NORM_GRADIENT, {
        x: x as Tensor,
        weight: weight as Tensor,
        inverseRms: inverseRms as Tensor,
        dy,
      }),
  ) as Tensor2D;
}
