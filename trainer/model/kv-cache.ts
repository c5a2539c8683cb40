import { tf, type Variable } from '../tensors/tf.ts';
import type { ModelConfig } from './config.ts';

/** Rotated keys and values of the tokens so far: one variable [B, G, S, K] each per layer. */
export type KvCache = { keys: Variable[]; values: Variable[]; batch: number; slots: number };

/** An empty cache for `batch` rows of at most `slots` tokens. Free it with disposeKvCache. */
export function createKvCache(config: ModelConfig, size: { batch: number; slots: number }): KvCache {
  const shape = [size.batch, config.numKvHeads, size.slots, config.headDim];
  const variables = (): Variable[] =>
    Array.from({ length: config.numLayers }, () => tf.tidy(() => tf.variable(tf.zeros(shape), false)));
  return { keys: variables(), values: variables(), ...size };
}

/** The two variables of one layer. @throws Error when the cache was made for a shallower model */
export function layerCache(cache: KvCache, layer: number): readonly [Variable, Variable] {
  const keys = cache.keys[layer];
  const values = cache.values[layer];
  if (!keys || !values)
    throw new Error(`KV cache has ${cache.keys.length} layers, the model asks for layer ${layer}`);
  return [keys, values];
}

export function disposeKvCache(cache: KvCache): void {
  for (const variable of [...cache.keys, ...cache.values]) variable.dispose();
}
