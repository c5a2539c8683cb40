import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { HostTensor } from '../backend/compile.ts';
import { type ModelConfig, parseModelConfig } from './config.ts';
import { paramShapes } from './param-shapes.ts';
import { newParam, type Params } from './params.ts';
import { readSafetensors } from './safetensors.ts';
import { fromFileLayout } from './weight-layout.ts';

/** Ids that steer generation; from generation_config.json, where absent from config.json. */
export type GenerationConfig = {
  bosTokenId: number | null;
  eosTokenIds: number[];
  padTokenId: number | null;
};

export type PretrainedModel = { config: ModelConfig; params: Params; generationConfig: GenerationConfig };

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });
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
  const config = loadModelConfig(folder);
  const tensors = fromFileLayout(readWeights(folder), config);
  const shapes = paramShapes(config);

  const missing = [...shapes.keys()].filter((name) => !tensors.has(name));
  if (missing.length > 0)
    throw new Error(`${folder}: ${missing.length} tensors are missing: ${listed(missing)}`);
  const extra = [...tensors.keys()].filter((name) => !shapes.has(name) && !isRedundant(name, config));
  if (extra.length > 0) {
    throw new Error(
      `${folder}: ${extra.length} tensors do not belong to a ${config.architecture}: ${listed(extra)}`,
    );
  }
  for (const [name, shape] of shapes) checkTensor(tensors.get(name) as HostTensor, { folder, name, shape });

  const params: Params = {};
  for (const [name, shape] of shapes) params[name] = newParam(tensors.get(name)?.data as Float32Array, shape);
  return { config, params, generationConfig: readGenerationConfig(folder, config) };
}

/** Reads and checks config.json alone, for pages and plans that need no weights. */
export function loadModelConfig(folder: string): ModelConfig {
  const path = join(folder, 'config.json');
  return parseModelConfig(readJson(path), path);
}

function readWeights(folder: string): Map<string, HostTensor> {
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return readSafetensors(single);

  const indexPath = join(folder, 'model.safetensors.index.json');
  if (!existsSync(indexPath)) {
    throw new Error(`${folder}: neither model.safetensors nor model.safetensors.index.json is there`);
  }
  const index = indexSchema.safeParse(readJson(indexPath));
  if (!index.success)
    throw new Error(`${indexPath}: expected an object weight_map of tensor name to file name`);
  const tensors = new Map<string, HostTensor>();
  for (const shard of new Set(Object.values(index.data.weight_map))) {
    if (basename(shard) !== shard) throw new Error(`${indexPath}: shard ${shard} is not a plain file name`);
    const path = join(folder, shard);
    if (!existsSync(path)) throw new Error(`${indexPath}: shard ${shard} is missing`);
    for (const [name, tensor] of readSafetensors(path)) {
      if (index.data.weight_map[name] !== shard) {
        throw new Error(
          `${path}: tensor ${name} should be in ${index.data.weight_map[name] ?? 'no shard'} by the index`,
        );
      }
      tensors.set(name, tensor);
    }
  }
  const absent = Object.keys(index.data.weight_map).filter((name) => !tensors.has(name));
  if (absent.length > 0) throw new Error(`${indexPath}: not in the shard named for them: ${listed(absent)}`);
  return tensors;
}

/** Tensors that transformers, too, reads past: the copy of a tied embedding and rotary tables of old exports. */
function isRedundant(name: string, config: ModelConfig): boolean {
  return (name === 'lm_head.weight' && config.tieWordEmbeddings) || /\.rotary_emb\.inv_freq$/.test(name);
}

function checkTensor(tensor: HostTensor, expected: { folder: string; name: string; shape: number[] }): void {
  const { folder, name, shape } = expected;
  if (tensor.shape.join() !== shape.join()) {
    throw new Error(`${folder}: tensor ${name} has shape [${tensor.shape}], config.json asks for [${shape}]`);
  }
  if (!(tensor.data instanceof Float32Array))
    throw new Error(`${folder}: tensor ${name} holds integers, expected floats`);
  const bad = tensor.data.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) throw new Error(`${folder}: tensor ${name} holds ${tensor.data[bad]} at element ${bad}`);
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

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path}: not JSON: ${(cause as Error).message}`, { cause });
  }
}

function listed(names: string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
