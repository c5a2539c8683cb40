import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernelForMany, withGradient } from './kernel.ts';

export const LAYER_NORM = 'PlumblineLayerNorm';
export const LAYER_NORM_GRADIENT = 'PlumblineLayerNormGradient';

/** Plain tfjs: [y, mean, 1 / standard deviation], the last two [N, 1]. The variance is the biased one, as in torch. */
export function layerNormReference(
  xND: Tensor,
  weightD: Tensor,
  biasD: Tensor,
  eps: number,
): [Tensor, Tensor, Tensor] {
  const meanN1 = tf.mean(xND, 1, true);
  const centeredND = tf.sub(xND, meanN1);
  const inverseStdN1 = tf.div(1, tf.sqrt(tf.add(tf.mean(tf.square(centeredND), 1, true), eps)));
  return [tf.add(tf.mul(tf.mul(centeredND, inverseStdN1), weightD), biasD), meanN1, inverseStdN1];
}

registerReference(LAYER_NORM, ({ x, weight, bias }, { eps }) =>
  layerNormReference(x as Tensor, weight as Tensor, bias as Tensor, eps as number),
);
// With xn = (x - mean) / std and g = dy * w:  dx = (g - mean(g) - xn * mean(g * xn)) / std,  dw = sum over rows of dy * xn,
// db = sum over rows of dy (arXiv:1607.06450, differentiated).
registerReference(LAYER_NORM_GRADIENT, (inputs) => {
  const { x, weight, mean, inverseStd, dy } = inputs as Record<
    'x' | 'weight' | 'mean' | 'inverseStd' | 'dy',
    Tensor
  >;
  const normalisedND = tf.mul(tf.sub(x, mean), inverseStd);
  const gND = tf.mul(dy, weight);
  const alongN1 = tf.mean(tf.mul(gND, normalisedND), 1, true);
  const restND = tf.sub(tf.sub(gND, tf.mean(gND, 1, true)), tf.mul(normalisedND, alongN1));
  return [tf.mul(restND, inverseStd), tf.sum(tf.mul(dy, normalisedND), 0), tf.sum(dy, 0)];
});

/** Layer norm over the last axis: x [N, D], weight and bias [D], `(x - mean) / sqrt(var + eps) * weight + bias`. */
export function layerNorm(xND: Tensor, weightD: Tensor, biasD: Tensor, eps: number): Tensor2D {
  expectTensor('layerNorm: x', xND, [null, weightD.shape[0] ?? null]);
  expectTensor('layerNorm: weight', weightD, [null]);
  expectTensor('layerNorm: bias', biasD, weightD.shape);
  return withGradient(
    [xND, weightD, biasD],
    () => {
      const inputs = { x: xND, weight: weightD, bias: biasD };
      const [y, mean, inverseStd] = runKernelForMany(LAYER_NORM, inputs, { eps }) as [Tensor, Tensor, Tensor];
      return { value: y, saved: [xND, weightD, mean, inverseStd] };
    },
    (dy, saved) => {
      const [x, weight, mean, inverseStd] = saved as [Tensor, Tensor, Tensor, Tensor];
      return runKernelForMany(LAYER_NORM_GRADIENT, { x, weight, mean, inverseStd, dy });
    },
  ) as Tensor2D;
}
