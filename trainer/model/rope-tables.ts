import { type Tensor2D, tf } from '../backend/tf.ts';
import type { ModelConfig } from './config.ts';

export type RopeTables = { cos: Tensor2D; sin: Tensor2D };

const cache = new Map<string, RopeTables>();

/**
 * Rotary tables [P, K/2] with P = maxPositions: row p holds cos and sin of p * theta^(-2i/K). Kept for the life of the
 * process, one per backend and shape. The angle is rounded to float32 as torch does: at long positions the rounding of
 * the angle is larger than that of its cosine, and pretrained weights were fitted to it.
 */
export function ropeTables(config: Pick<ModelConfig, 'headDim' | 'maxPositions' | 'ropeTheta'>): RopeTables {
  const { headDim, maxPositions, ropeTheta } = config;
  const key = `${tf.getBackend()}/${ropeTheta}/${headDim}/${maxPositions}`;
  const cached = cache.get(key);
  if (cached && !cached.cos.isDisposed && !cached.sin.isDisposed) return cached;

  const half = headDim / 2;
  const cos = new Float32Array(maxPositions * half);
  const sin = new Float32Array(maxPositions * half);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(1 / Math.fround(ropeTheta ** Math.fround((2 * i) / headDim)));
    for (let position = 0; position < maxPositions; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  const shape: [number, number] = [maxPositions, half];
  const tables = { cos: tf.keep(tf.tensor2d(cos, shape)), sin: tf.keep(tf.tensor2d(sin, shape)) };
  cache.set(key, tables);
  return tables;
}
