/**
 * The GPT-2 decoder as pure functions over a record of parameters: learned positions, pre-norm blocks of full attention with
 * one projection for query, key and value, and a GELU MLP; no dropout anywhere (training.md P30).
 *
 * Shapes: B batch, T time, N = B*T, D model width, F MLP width, H heads, K head width, S cache slots,
 * M those rows that matter.
 */

import { embedding } from '../../ops/embedding.ts';
import { gelu } from '../../ops/gelu.ts';
import { geluErf } from '../../ops/gelu-erf.ts';
import { layerNorm } from '../../ops/layer-norm.ts';
import { ropeAttention } from '../../ops/rope-attention.ts';
import { ropeDecodeAttention } from '../../ops/rope-decode-attention.ts';
import { writeKvCache } from '../../ops/write-kv-cache.ts';
import { type Tensor, type Tensor2D, tf } from '../../tensors/tf.ts';
import { type KvCache, layerCache } from '../kv-cache.ts';
import { projectBy } from '../lora/project-by.ts';
import { ofTokens, type Projections, packedAttention, packingOf } from '../packed-attention.ts';
import { type Params, param, paramsUnder } from '../params.ts';
import { recomputed } from '../recomputed.ts';
import type { DecodeBatch, ForwardOptions, TokenBatch } from '../token-batch.ts';
import type { Gpt2Config } from './gpt2-config.ts';

/** See forwardHidden. */
export function forwardGpt2(
  params: Params,
  config: Gpt2Config,
  batch: TokenBatch,
  options: ForwardOptions,
): Tensor2D {
  const { cos, sin } = noRotation(config);
  const { maskBT } = batch;
  const positionsBT = firstRow(maskBT);
  const tables = { cos, sin, positionsBT, maskBT, ...packingOf(batch) };
  const attend = (qkv: Projections, _layer: number, at: typeof tables): Tensor2D =>
    packedAttention(qkv, at, (rows) => ropeAttention({ ...rows, ...at }, headsOf(config)));
  return decoder(params, config, embedTokens(params, batch), attend, { ...options, tables });
}

/** forwardGpt2 of rowsM that also writes the keys and values of all T tokens into slots 0..T-1 of the cache. */
export function prefillGpt2(
  params: Params,
  config: Gpt2Config,
  batch: TokenBatch & { rowsM: Tensor; cache: KvCache },
): Tensor2D {
  const { cos, sin } = noRotation(config);
  const { maskBT, rowsM, cache } = batch;
  const positionsBT = firstRow(maskBT);
  const attend = (qkv: Projections, layer: number): Tensor2D => {
    const [cacheK, cacheV] = layerCache(cache, layer);
    writeKvCache({ k: qkv.k, v: qkv.v, cos, sin, positionsBT, cacheK, cacheV }, headsOf(config));
    return ropeAttention({ ...qkv, cos, sin, positionsBT, maskBT }, headsOf(config));
  };
  return decoder(params, config, embedTokens(params, batch), attend, { rowsM });
}

/** Hidden states [B, D] of one new token per row, attending to slots 0..slot of the cache; writes the token's slot. */
export function decodeGpt2(params: Params, config: Gpt2Config, batch: DecodeBatch): Tensor2D {
  const { cos, sin } = noRotation(config);
  const { idsB, positionsB, maskBS, slot, cache } = batch;
  return decoder(params, config, embed(params, idsB, positionsB), (qkv, layer) => {
    const [cacheK, cacheV] = layerCache(cache, layer);
    return ropeDecodeAttention(
      { ...qkv, cos, sin, positionsB: firstRow(positionsB), maskBS, cacheK, cacheV, slot },
      headsOf(config),
    );
  });
}

function embedTokens(params: Params, batch: TokenBatch): Tensor2D {
  const idsN = ofTokens(tf.mul(batch.idsBT, batch.maskBT), batch);
  return embed(params, idsN, ofTokens(batch.positionsBT, batch));
}

function embed(params: Params, idsN: Tensor, positionsN: Tensor): Tensor2D {
  const tokensND = embedding(param(params, 'transformer.wte.weight'), idsN);
  return tf.add(tokensND, embedding(param(params, 'transformer.wpe.weight'), positionsN));
}

function decoder<Tables extends Record<string, Tensor>>(
  params: Params,
  config: Gpt2Config,
  embeddedND: Tensor2D,
  attend: (qkv: Projections, layer: number, tables: Tables) => Tensor2D,
  { recompute = false, rowsM, tables = {} as Tables }: ForwardOptions & { tables?: Tables } = {},
): Tensor2D {
  const norm = (path: string, inputND: Tensor2D): Tensor2D =>
    layerNorm(inputND, param(params, `${path}.weight`), param(params, `${path}.bias`), config.layerNormEps);
  const activate = config.activation === 'gelu' ? geluErf : gelu;
  const block = (layer: number, inputND: Tensor2D, at: Tables & { rowsM?: Tensor }): Tensor2D => {
    const path = `transformer.h.${layer}`;
    const qkv = projectBy(params, `${path}.attn.c_attn`, norm(`${path}.ln_1`, inputND));
    const [q, k, v] = tf.split(qkv, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
    // M is N but for the last block
    const pick = (rowsND: Tensor2D): Tensor2D => (at.rowsM ? embedding(rowsND, at.rowsM) : rowsND);
    const attendedMD = projectBy(params, `${path}.attn.c_proj`, pick(attend({ q, k, v }, layer, at)));
    const xMD: Tensor2D = tf.add(pick(inputND), attendedMD);

    const innerMF = projectBy(params, `${path}.mlp.c_fc`, norm(`${path}.ln_2`, xMD));
    return tf.add(xMD, projectBy(params, `${path}.mlp.c_proj`, activate(innerMF)));
  };
  let xND = embeddedND;
  for (let layer = 0; layer < config.numLayers; layer++) {
    const given = rowsM && layer === config.numLayers - 1 ? { ...tables, rowsM } : tables;
    xND = recompute
      ? recomputed(paramsUnder(params, `transformer.h.${layer}.`), { xND, tables: given }, (inputND, at) =>
          block(layer, inputND, at),
        )
      : block(layer, xND, given);
  }
  return norm('transformer.ln_f', xND);
}

/**
 * Attention is the one with rotary positions, given a table of one row that turns nothing and, for each token, that row:
 * constants, which a graph folds away.
 */
function noRotation({ headDim }: Gpt2Config): { cos: Tensor2D; sin: Tensor2D } {
  return { cos: tf.ones([1, headDim / 2]), sin: tf.zeros([1, headDim / 2]) };
}

const firstRow = (like: Tensor): Tensor => tf.zeros(like.shape, 'int32');

const headsOf = ({ numHeads, numKvHeads, headDim }: Gpt2Config) => ({ numHeads, numKvHeads, headDim });
