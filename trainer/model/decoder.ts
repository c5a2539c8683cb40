/**
 * The decoder of whatever family the config names: what recipes and generation call. A family is one file of pure functions
 * beside this one (llama.ts, gpt2.ts), chosen here and nowhere else.
 */

import { linear } from '../ops/linear.ts';
import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import type { ModelConfig } from './config.ts';
import { decodeGpt2, forwardGpt2, prefillGpt2 } from './gpt2/gpt2.ts';
import type { KvCache } from './kv-cache.ts';
import { decodeLlama, forwardLlama, prefillLlama } from './llama/llama.ts';
import { outputEmbedding } from './param-shapes.ts';
import { type Params, param } from './params.ts';
import type { DecodeBatch, ForwardOptions, TokenBatch } from './token-batch.ts';

/**
 * Hidden states [N, D] after the final norm, [M, D] with options.rowsM. Pads (mask 0) are embedded as id 0 and seen by nobody; what comes out at a
 * pad is finite and without meaning.
 */
export function forwardHidden(
  params: Params,
  config: ModelConfig,
  batch: TokenBatch,
  options: ForwardOptions = {},
): Tensor2D {
  switch (config.family) {
    case 'llama':
      return forwardLlama(params, config, batch, options);
    case 'gpt2':
      return forwardGpt2(params, config, batch, options);
  }
}

/** forwardHidden of rowsM that also writes the keys and values of all T tokens into slots 0..T-1 of the cache. */
export function prefillHidden(
  params: Params,
  config: ModelConfig,
  batch: TokenBatch & { rowsM: Tensor; cache: KvCache },
): Tensor2D {
  switch (config.family) {
    case 'llama':
      return prefillLlama(params, config, batch);
    case 'gpt2':
      return prefillGpt2(params, config, batch);
  }
}

/** Hidden states [B, D] of one new token per row, attending to slots 0..slot of the cache; writes the token's slot. */
export function decodeHidden(params: Params, config: ModelConfig, batch: DecodeBatch): Tensor2D {
  switch (config.family) {
    case 'llama':
      return decodeLlama(params, config, batch);
    case 'gpt2':
      return decodeGpt2(params, config, batch);
  }
}

/** far below any logit, and finite, so that no 0 * -Infinity can arise */
const NEVER = -1e9;

/**
 * Next-token logits [M, V] of hidden states [M, D]; pick the rows that matter first, V is large. Ids without a token get no
 * probability, here and not in the sampler, so that sampling, its log-probabilities, training and entropy are of one distribution.
 */
export function lmLogits(params: Params, config: ModelConfig, hiddenMD: Tensor): Tensor2D {
  const logitsMV = linear(hiddenMD, param(params, outputEmbedding(config)));
  if (!config.vacantIds?.length) return logitsMV;
  const bias1V = new Float32Array(config.vocabSize);
  for (const id of config.vacantIds) bias1V[id] = NEVER;
  return tf.add(logitsMV, tf.tensor2d(bias1V, [1, config.vocabSize]));
}
