/**
 * The only place that loads TensorFlow.js. Its Node build is CommonJS whose re-exports Node's ESM loader cannot see,
 * so it is required, not imported.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const tf = require('@tensorflow/tfjs') as typeof import('@tensorflow/tfjs');
/** tfjs' own cpu backend class: the simd backend extends it, so that every kernel it lacks still runs. */
export const { MathBackendCPU } =
  require('@tensorflow/tfjs-backend-cpu') as typeof import('@tensorflow/tfjs-backend-cpu');

export type {
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor4D,
  TensorInfo,
  Variable,
} from '@tensorflow/tfjs';
