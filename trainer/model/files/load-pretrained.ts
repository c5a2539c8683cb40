import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ModelConfig, parseModelConfig } from '../config.ts';
import { firstNonFinite } from '../first-non-finite.ts';
import { paramShapes } from '../param-shapes.ts';
import { disposeParams, newParam, type Params } from '../params.ts';
import { listed } from './listed.ts';
import { type ModelWeights, openModelWeights } from './model-weights.ts';
import { readJson } from './read-json.ts';
import { fromFileLayout } from './weight-layout.ts';

/** Ids that steer generation; from generation_config.json, where absent from config.json. */
export type GenerationConfig = {
  bosTokenId: number | null;
  eosTokenIds: number[];
  padTokenId: number | null;
};

export type PretrainedModel = { config: ModelConfig; params: Params; generationConfig: GenerationConfig };

const generationSchema = z.looseObject({
  bos_token_id: z.number().int().min(0).nullish(),
  eos_token_id: z.union([z.number().int().min(0), z.array(z.number().int().min(0))]).nullish(),
  pad_token_id: z.number().int().min(0).nullish(),
});

/**
 * Opens a Hugging Face model folder: config.json, model.safetensors (or its shards), generation_config.json if there.
 * The caller frees the params (disposeParams).
 * @throws Error naming file and tensor when one is missing, left over, of the wrong shape, or holds NaN or infinity
 */
export function loadPretrained(folder: string): PretrainedModel {
  const { config, shapes, weights } = openChecked(folder);
  const params: Params = {};
  try {
    for (const [name, shape] of shapes) params[name] = newParam(readFloats(weights, name), shape);
  } catch (error) {
    disposeParams(params);
    throw error;
  } finally {
    weights.close();
  }
  return { config, params, generationConfig: readGenerationConfig(folder, config) };
}

/**
 * Everything about a model folder that can be checked without reading a weight: config.json, the headers of the weight files,
 * the name and the shape of every tensor, generation_config.json.
 * @throws Error as loadPretrained does
 */
export function checkModelFolder(folder: string): ModelConfig {
  const { config, weights } = openChecked(folder);
  weights.close();
  readGenerationConfig(folder, config);
  return config;
}

/** Opens the weights of a folder after holding their headers against config.json. The caller closes them. */
function openChecked(folder: string): {
  config: ModelConfig;
  shapes: Map<string, number[]>;
  weights: ModelWeights;
} {
  const config = loadModelConfig(folder);
  const shapes = paramShapes(config);
  const weights = fromFileLayout(openModelWeights(folder), config);
  try {
    const missing = [...shapes.keys()].filter((name) => !weights.shapes.has(name));
    if (missing.length > 0)
      throw new Error(`${folder}: ${missing.length} tensors are missing: ${listed(missing)}`);
    const extra = [...weights.shapes.keys()].filter(
      (name) => !shapes.has(name) && !isRedundant(name, config),
    );
    if (extra.length > 0) {
      throw new Error(
        `${folder}: ${extra.length} tensors do not belong to a ${config.architecture}: ${listed(extra)}`,
      );
    }
    for (const [name, shape] of shapes) {
      const found = weights.shapes.get(name) as number[];
      if (found.join() !== shape.join())
        throw new Error(`${at(weights, name)} has shape [${found}], config.json asks for [${shape}]`);
    }
  } catch (error) {
    weights.close();
    throw error;
  }
  return { config, shapes, weights };
}

/** Reads and checks config.json alone, for pages and plans that need no weights. */
export function loadModelConfig(folder: string): ModelConfig {
  const path = join(folder, 'config.json');
  return parseModelConfig(readJson(path), path);
}

/** Tensors that transformers, too, reads past: the copy of a tied embedding and rotary tables of old exports. */
function isRedundant(name: string, config: ModelConfig): boolean {
  return (name === 'lm_head.weight' && config.tieWordEmbeddings) || /\.rotary_emb\.inv_freq$/.test(name);
}

/** Reads one tensor. @throws Error naming file and tensor when its values are not what a model can have */
function readFloats(weights: ModelWeights, name: string): Float32Array {
  const { data } = weights.read(name);
  if (!(data instanceof Float32Array))
    throw new Error(`${at(weights, name)} holds integers, expected floats`);
  const bad = firstNonFinite(data);
  if (bad !== -1) throw new Error(`${at(weights, name)} holds ${data[bad]} at element ${bad}`);
  return data;
}

function at(weights: ModelWeights, name: string): string {
  return `${weights.fileOf(name)}: tensor ${name}`;
}

function readGenerationConfig(folder: string, config: ModelConfig): GenerationConfig {
  const path = join(folder, 'generation_config.json');
  const { bosTokenId, eosTokenIds, padTokenId } = config;
  if (!existsSync(path)) return { bosTokenId, eosTokenIds, padTokenId };
  const parsed = generationSchema.safeParse(readJson(path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${path}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { bos_token_id: bos, eos_token_id: eos, pad_token_id: pad } = parsed.data;
  return {
    bosTokenId: bos ?? bosTokenId,
    eosTokenIds: eos === undefined || eos === null ? eosTokenIds : [eos].flat(),
    padTokenId: pad ?? padTokenId,
  };
}
