/** Layer norm and GELU, GPT-2's, on the simd backend. */
import { GELU, GELU_CUBIC, GELU_GRADIENT, GELU_LINEAR } from '../../ops/gelu.ts';
import { GELU_ERF, GELU_ERF_GRADIENT } from '../../ops/gelu-erf.ts';
import { LAYER_NORM, LAYER_NORM_GRADIENT } from '../../ops/layer-norm.ts';
import type { TensorInfo } from '../../tensors/tf.ts';
import { sizeOf } from './backend.ts';
import { registerSimdKernel } from './kernel-registration.ts';
import { runFlat } from './op-kernels.ts';

/** Elements of cheap work that make a second thread worth waking, and the same where each costs an exponential. */
const CHEAP = 8192;
const EXPENSIVE = 2048;

type Inputs<Names extends string> = Record<Names, TensorInfo>;

export function registerLayerNormAndGelu(): void {
  registerSimdKernel(LAYER_NORM, (inputs, backend, { eps }) => {
    const { x, weight, bias } = inputs as Inputs<'x' | 'weight' | 'bias'>;
    const [rows, width] = x.shape as [number, number];
    const y = backend.output([rows, width]);
    const mean = backend.output([rows, 1]);
    const inverseStd = backend.output([rows, 1]);
    const addresses = [x, weight, bias, y, mean, inverseStd].map((info) => backend.pointer(info));
    const args = [width, ...addresses, eps as number];
    backend.run({ kernel: 'layerNorm', units: rows, minimum: CHEAP / width, args });
    return [y, mean, inverseStd];
  });
  registerSimdKernel(LAYER_NORM_GRADIENT, (inputs, backend) => {
    const { x, weight, mean, inverseStd, dy } = inputs as Inputs<
      'x' | 'weight' | 'mean' | 'inverseStd' | 'dy'
    >;
    const [rows, width] = x.shape as [number, number];
    const dx = backend.output([rows, width]);
    const dWeight = backend.zeros([width]);
    const dBias = backend.zeros([width]);
    const forX = [x, weight, mean, inverseStd, dy, dx].map((info) => backend.pointer(info));
    const forWeight = [x, mean, inverseStd, dy, dWeight, dBias].map((info) => backend.pointer(info));
    backend.run({ kernel: 'layerNormGradient', units: rows, minimum: CHEAP / width, args: [width, ...forX] });
    backend.run({
      kernel: 'layerNormWeightGradient',
      units: width,
      cut: 4,
      minimum: CHEAP / rows,
      args: [rows, width, ...forWeight],
    });
    return [dx, dWeight, dBias];
  });

  registerSimdKernel(GELU, (inputs, backend) => {
    const { x } = inputs as Inputs<'x'>;
    const y = backend.output(x.shape);
    const args = [backend.pointer(x), backend.pointer(y), GELU_LINEAR, GELU_CUBIC];
    backend.run({ kernel: 'gelu', units: sizeOf(x.shape), cut: 4, minimum: EXPENSIVE, args });
    return y;
  });
  registerSimdKernel(GELU_GRADIENT, (inputs, backend) => {
    const { x, dy } = inputs as Inputs<'x' | 'dy'>;
    const dx = backend.output(x.shape);
    const addresses = [x, dy, dx].map((info) => backend.pointer(info));
    const args = [...addresses, GELU_LINEAR, GELU_CUBIC];
    backend.run({ kernel: 'geluGradient', units: sizeOf(x.shape), cut: 4, minimum: EXPENSIVE, args });
    return dx;
  });

  registerSimdKernel(GELU_ERF, (inputs, backend) => {
    const { x } = inputs as Inputs<'x'>;
    const y = backend.output(x.shape);
    runFlat(backend, 'geluErf', [x, y], EXPENSIVE);
    return y;
  });
  registerSimdKernel(GELU_ERF_GRADIENT, (inputs, backend) => {
    const { x, dy } = inputs as Inputs<'x' | 'dy'>;
    const dx = backend.output(x.shape);
    runFlat(backend, 'geluErfGradient', [x, dy, dx], EXPENSIVE);
    return dx;
  });
}
