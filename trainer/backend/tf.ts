/**
 * The only place that loads TensorFlow.js. Its Node build is CommonJS whose re-exports Node's ESM loader cannot see,
 * so it is required, not imported.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const tf = require('@tensorflow/tfjs') as typeof import('@tensorflow/tfjs');
export type { Tensor, Tensor1D, Tensor2D, Variable, Scalar } from '@tensorflow/tfjs';
