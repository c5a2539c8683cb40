import { type Tensor, type Tensor2D, tf } from '../../tensors/tf.ts';
import type { LlamaConfig } from './llama-config.ts';
import { ropeFrequencies } from './rope-frequencies.ts';
import type { RopeScaling } from './rope-scaling.ts';

/** cos and sin [P, K/2], and for each token its row in them, of the shape of the positions. */
export type Rotation = { cos: Tensor2D; sin: Tensor2D; rows: Tensor };

const cache = new Map<string, Pick<Rotation, 'cos' | 'sin'>>();

/** The rotation of tokens at `positions` (int32, any shape). */
export function rotationAt(config: LlamaConfig, positions: Tensor): Rotation {
  const { ropeScaling } = config;
  if (ropeScaling?.type === 'dynamic') return dynamicRotation({ ...config, ropeScaling }, positions);
  return { ...ropeTables(config), rows: positions };
}

/**
 * Rotary tables [P, K/2] with P = maxPositions: row p holds cos and sin of p times each frequency. Kept for the life of the
 * process, one per backend and shape. The angle is rounded to float32 as torch does: at long positions the rounding of
 * the angle is larger than that of its cosine, and pretrained weights were fitted to it.
 */
function ropeTables(config: LlamaConfig): Pick<Rotation, 'cos' | 'sin'> {
  const { headDim, maxPositions, ropeTheta, ropeScaling } = config;
  const key = `${tf.getBackend()}/${ropeTheta}/${headDim}/${maxPositions}/${JSON.stringify(ropeScaling)}`;
  const cached = cache.get(key);
  if (cached && !cached.cos.isDisposed && !cached.sin.isDisposed) return cached;

  const frequencies = ropeFrequencies(config);
  const half = frequencies.length;
  const cos = new Float32Array(maxPositions * half);
  const sin = new Float32Array(maxPositions * half);
  for (const [i, frequency] of frequencies.entries()) {
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

/**
 * Dynamic NTK scaling, as transformers computes it (`_compute_dynamic_ntk_parameters`): the base depends on the longest
 * sequence of the batch, L = max(positions) + 1, and grows with it beyond originalMaxPositions. So the tables are made in the
 * step, one row for each token: theta' = theta (f L / P - (f - 1))^(K / (K - 2)), frequency i = theta'^(-2i/K).
 * While a sequence is generated every token gets the base of its own moment, and keys in the cache keep the rotation they
 * were written with; one forward over the whole sequence uses the last base for all. transformers differs in the same way.
 * Unlike there, a long batch leaves no trace in the next one.
 */
function dynamicRotation(
  config: LlamaConfig & { ropeScaling: RopeScaling & { type: 'dynamic' } },
  positions: Tensor,
): Rotation {
  const { headDim, ropeTheta, ropeScaling } = config;
  const { factor, originalMaxPositions } = ropeScaling;
  const positionsN1 = tf.cast(tf.reshape(positions, [-1, 1]), 'float32');
  const length = tf.maximum(tf.add(tf.max(positionsN1), 1), originalMaxPositions);
  const stretch = tf.sub(tf.mul(length, factor / originalMaxPositions), factor - 1);
  const logBase = tf.add(tf.mul(tf.log(stretch), headDim / (headDim - 2)), Math.log(ropeTheta));
  const exponents = Float32Array.from({ length: headDim / 2 }, (_, i) => (-2 * i) / headDim);
  const frequencies1H = tf.exp(tf.mul(tf.tensor2d(exponents, [1, headDim / 2]), logBase));
  const anglesNH = tf.mul(positionsN1, frequencies1H) as Tensor2D;
  const rows = tf.reshape(tf.range(0, positions.size, 1, 'int32'), positions.shape);
  return { cos: tf.cos(anglesNH), sin: tf.sin(anglesNH), rows };
}
