/**
 * The Llama decoder as pure functions over a record of parameters: SmolLM2, TinyLlama and the models made here.
 * Pre-norm blocks of grouped-query attention with rotary positions and a SwiGLU MLP; no dropout anywhere (training.md P30).
 *
 * Shapes: B batch, T time, N = B*T, D model width, F SwiGLU width, H heads, G key/value heads, K head width, V vocabulary,
 * S cache slots, M any number of rows.
 */
import { type Tensor, type Tensor2D, tf } from '../backend/tf.ts';
import { embedding } from '../ops/embedding.ts';
import { linear } from '../ops/linear.ts';
import { rmsNorm } from '../ops/rms-norm.ts';
import { ropeAttention } from '../ops/rope-attention.ts';
import { ropeDecodeAttention } from '../ops/rope-decode-attention.ts';
import { swiglu } from '../ops/swiglu.ts';
import { writeKvCache } from '../ops/write-kv-cache.ts';
import type { Rng } from '../rng.ts';
import type { ModelConfig } from './config.ts';
import { scoreHeadStd } from './heads.ts';
import type { KvCache } from './kv-cache.ts';
import { paramShapes, SCORE_WEIGHT } from './param-shapes.ts';
import { newParam, type Params, param } from './params.ts';
import { projectBy } from './project-by.ts';
import { ropeTables } from './rope-tables.ts';

/** int32 tensors [B, T]; the mask is 1 for real tokens. See positionsFromMask for positions. */
export type TokenBatch = { idsBT: Tensor; maskBT: Tensor; positionsBT: Tensor };

/** One new token per row: int32 [B], the mask over cache slots [B, S], and the slot it is written to (int32 scalar). */
export type DecodeBatch = { idsB: Tensor; positionsB: Tensor; maskBS: Tensor; slot: Tensor; cache: KvCache };

type Projections = { q: Tensor2D; k: Tensor2D; v: Tensor2D };

/** New parameters: matrices N(0, initializerRange), norms 1, biases 0, a score head by training.md R9. */
export function initLlama(config: ModelConfig, rng: Rng): Params {
  const params: Params = {};
  for (const [name, shape] of paramShapes(config)) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (name.endsWith('norm.weight')) data.fill(1);
    else if (!name.endsWith('.bias')) {
      const std = name === SCORE_WEIGHT ? scoreHeadStd(config) : config.initializerRange;
      for (let i = 0; i < data.length; i++) data[i] = std * rng.normal();
    }
    params[name] = newParam(data, shape);
  }
  return params;
}

/**
 * Hidden states [N, D] after the final norm. Pads (mask 0) are embedded as id 0 and seen by nobody; what comes out at a
 * pad is finite and without meaning.
 */
export function forwardHidden(params: Params, config: ModelConfig, batch: TokenBatch): Tensor2D {
  const { cos, sin } = ropeTables(config);
  const { positionsBT, maskBT } = batch;
  return decoder(params, config, embedTokens(params, batch), (qkv) =>
    ropeAttention({ ...qkv, cos, sin, positionsBT, maskBT }, headsOf(config)),
  );
}

/** forwardHidden that also writes the rotated keys and values of all T tokens into slots 0..T-1 of the cache. */
export function prefillHidden(
  params: Params,
  config: ModelConfig,
  batch: TokenBatch & { cache: KvCache },
): Tensor2D {
  const { cos, sin } = ropeTables(config);
  const { positionsBT, maskBT, cache } = batch;
  return decoder(params, config, embedTokens(params, batch), (qkv, layer) => {
    const [cacheK, cacheV] = layerCache(cache, layer);
    writeKvCache({ k: qkv.k, v: qkv.v, cos, sin, positionsBT, cacheK, cacheV }, headsOf(config));
    return ropeAttention({ ...qkv, cos, sin, positionsBT, maskBT }, headsOf(config));
  });
}

/** Hidden states [B, D] of one new token per row, attending to slots 0..slot of the cache; writes the token's slot. */
export function decodeHidden(params: Params, config: ModelConfig, batch: DecodeBatch): Tensor2D {
  const { cos, sin } = ropeTables(config);
  const { idsB, positionsB, maskBS, slot, cache } = batch;
  const xBD = embedding(param(params, 'model.embed_tokens.weight'), idsB);
  return decoder(params, config, xBD, (qkv, layer) => {
    const [cacheK, cacheV] = layerCache(cache, layer);
    return ropeDecodeAttention(
      { ...qkv, cos, sin, positionsB, maskBS, cacheK, cacheV, slot },
      headsOf(config),
    );
  });
}

/** Next-token logits [M, V] of hidden states [M, D]; pick the rows that matter first, V is large. */
export function lmLogits(params: Params, config: ModelConfig, hiddenMD: Tensor): Tensor2D {
  const name = config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  return linear(hiddenMD, param(params, name));
}

function embedTokens(params: Params, { idsBT, maskBT }: Pick<TokenBatch, 'idsBT' | 'maskBT'>): Tensor2D {
  const idsN = tf.reshape(tf.mul(idsBT, maskBT), [-1]);
  return embedding(param(params, 'model.embed_tokens.weight'), idsN);
}

function decoder(
  params: Params,
  config: ModelConfig,
  embeddedND: Tensor2D,
  attend: (qkv: Projections, layer: number) => Tensor2D,
): Tensor2D {
  const eps = config.rmsNormEps;
  let xND = embeddedND;
  for (let layer = 0; layer < config.numLayers; layer++) {
    const project = (name: string, inputNI: Tensor2D): Tensor2D =>
      projectBy(params, `model.layers.${layer}.${name}`, inputNI);
    const norm = (name: string) => param(params, `model.layers.${layer}.${name}.weight`);

    const attentionInputND = rmsNorm(xND, norm('input_layernorm'), eps);
    const attended = attend(
      {
        q: project('self_attn.q_proj', attentionInputND),
        k: project('self_attn.k_proj', attentionInputND),
        v: project('self_attn.v_proj', attentionInputND),
      },
      layer,
    );
    xND = tf.add(xND, project('self_attn.o_proj', attended));

    const mlpInputND = rmsNorm(xND, norm('post_attention_layernorm'), eps);
    const activatedNF = swiglu(project('mlp.gate_proj', mlpInputND), project('mlp.up_proj', mlpInputND));
    xND = tf.add(xND, project('mlp.down_proj', activatedNF));
  }
  return rmsNorm(xND, param(params, 'model.norm.weight'), eps);
}

function layerCache(cache: KvCache, layer: number) {
  const keys = cache.keys[layer];
  const values = cache.values[layer];
  if (!keys || !values)
    throw new Error(`KV cache has ${cache.keys.length} layers, the model asks for layer ${layer}`);
  return [keys, values] as const;
}

const headsOf = ({ numHeads, numKvHeads, headDim }: ModelConfig) => ({ numHeads, numKvHeads, headDim });
