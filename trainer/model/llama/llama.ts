/**
 * The Llama decoder as pure functions over a record of parameters: SmolLM2, TinyLlama and the models made here.
 * Pre-norm blocks of grouped-query attention with rotary positions and a SwiGLU MLP; no dropout anywhere (training.md P30).
 *
 * Shapes: B batch, T time, N = B*T, D model width, F SwiGLU width, H heads, G key/value heads, K head width, V vocabulary,
 * S cache slots, M those rows that matter.
 */

import { embedding } from '../../ops/embedding.ts';
import { rmsNorm } from '../../ops/rms-norm.ts';
import { ropeAttention } from '../../ops/rope-attention.ts';
import { ropeDecodeAttention } from '../../ops/rope-decode-attention.ts';
import { swiglu } from '../../ops/swiglu.ts';
import { writeKvCache } from '../../ops/write-kv-cache.ts';
import { type Tensor, type Tensor2D, tf } from '../../tensors/tf.ts';
import { type KvCache, layerCache } from '../kv-cache.ts';
import { projectBy } from '../lora/project-by.ts';
import { ofTokens, type Projections, packedAttention, packingOf } from '../packed-attention.ts';
import { type Params, param, paramsUnder } from '../params.ts';
import { recomputed } from '../recomputed.ts';
import type { DecodeBatch, ForwardOptions, TokenBatch } from '../token-batch.ts';
import type { LlamaConfig } from './llama-config.ts';
import { rotationAt } from './rope-tables.ts';

/** See forwardHidden. */
export function forwardLlama(
  params: Params,
  config: LlamaConfig,
  batch: TokenBatch,
  options: ForwardOptions,
): Tensor2D {
  const { maskBT } = batch;
  const { cos, sin, rows: positionsBT } = rotationAt(config, batch.positionsBT);
  const tables = { cos, sin, positionsBT, maskBT, ...packingOf(batch) };
  const attend = (qkv: Projections, _layer: number, at: typeof tables): Tensor2D =>
    packedAttention(qkv, at, (rows) => ropeAttention({ ...rows, ...at }, headsOf(config)));
  return decoder(params, config, embedTokens(params, batch), attend, { ...options, tables });
}

/** forwardLlama of rowsM that also writes the rotated keys and values of all T tokens into slots 0..T-1 of the cache. */
export function prefillLlama(
  params: Params,
  config: LlamaConfig,
  batch: TokenBatch & { rowsM: Tensor; cache: KvCache },
): Tensor2D {
  const { maskBT, rowsM, cache } = batch;
  const { cos, sin, rows: positionsBT } = rotationAt(config, batch.positionsBT);
  const attend = (qkv: Projections, layer: number): Tensor2D => {
    const [cacheK, cacheV] = layerCache(cache, layer);
    writeKvCache({ k: qkv.k, v: qkv.v, cos, sin, positionsBT, cacheK, cacheV }, headsOf(config));
    return ropeAttention({ ...qkv, cos, sin, positionsBT, maskBT }, headsOf(config));
  };
  return decoder(params, config, embedTokens(params, batch), attend, { rowsM });
}

/** Hidden states [B, D] of one new token per row, attending to slots 0..slot of the cache; writes the token's slot. */
export function decodeLlama(params: Params, config: LlamaConfig, batch: DecodeBatch): Tensor2D {
  const { idsB, maskBS, slot, cache } = batch;
  const { cos, sin, rows: positionsB } = rotationAt(config, batch.positionsB);
  const xBD = embedding(param(params, 'model.embed_tokens.weight'), idsB);
  return decoder(params, config, xBD, (qkv, layer) => {
    const [cacheK, cacheV] = layerCache(cache, layer);
    return ropeDecodeAttention(
      { ...qkv, cos, sin, positionsB, maskBS, cacheK, cacheV, slot },
      headsOf(config),
    );
  });
}

function embedTokens(params: Params, batch: TokenBatch): Tensor2D {
  const idsN = ofTokens(tf.mul(batch.idsBT, batch.maskBT), batch);
  return embedding(param(params, 'model.embed_tokens.weight'), idsN);
}

function decoder<Tables extends Record<string, Tensor>>(
  params: Params,
  config: LlamaConfig,
  embeddedND: Tensor2D,
  attend: (qkv: Projections, layer: number, tables: Tables) => Tensor2D,
  { recompute = false, rowsM, tables = {} as Tables }: ForwardOptions & { tables?: Tables } = {},
): Tensor2D {
  const eps = config.rmsNormEps;
  const block = (layer: number, inputND: Tensor2D, at: Tables & { rowsM?: Tensor }): Tensor2D => {
    const project = (name: string, inputNI: Tensor2D): Tensor2D =>
      projectBy(params, `model.layers.${layer}.${name}`, inputNI);
    const norm = (name: string) => param(params, `model.layers.${layer}.${name}.weight`);

    const attentionInputND = rmsNorm(inputND, norm('input_layernorm'), eps);
    const attended = attend(
      {
        q: project('self_attn.q_proj', attentionInputND),
        k: project('self_attn.k_proj', attentionInputND),
        v: project('self_attn.v_proj', attentionInputND),
      },
      layer,
      at,
    );
    // M is N but for the last block
    const pick = (rowsND: Tensor2D): Tensor2D => (at.rowsM ? embedding(rowsND, at.rowsM) : rowsND);
    const xMD: Tensor2D = tf.add(pick(inputND), project('self_attn.o_proj', pick(attended)));

    const mlpInputMD = rmsNorm(xMD, norm('post_attention_layernorm'), eps);
    const activatedMF = swiglu(project('mlp.gate_proj', mlpInputMD), project('mlp.up_proj', mlpInputMD));
    return tf.add(xMD, project('mlp.down_proj', activatedMF));
  };
  let xND = embeddedND;
  for (let layer = 0; layer < config.numLayers; layer++) {
    const given = rowsM && layer === config.numLayers - 1 ? { ...tables, rowsM } : tables;
    xND = recompute
      ? recomputed(paramsUnder(params, `model.layers.${layer}.`), { xND, tables: given }, (inputND, at) =>
          block(layer, inputND, at),
        )
      : block(layer, xND, given);
  }
  return rmsNorm(xND, param(params, 'model.norm.weight'), eps);
}

const headsOf = ({ numHeads, numKvHeads, headDim }: LlamaConfig) => ({ numHeads, numKvHeads, headDim });
