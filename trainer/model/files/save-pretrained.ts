import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOKENIZER_FILES } from '../../../lib/model-files.ts';
import { isRewardModel, type ModelConfig, toHuggingFaceConfig } from '../config.ts';
import { mergedFloats } from '../lora/lora.ts';
import { isLoraName } from '../lora/lora-names.ts';
import { paramShapes } from '../param-shapes.ts';
import type { Params } from '../params.ts';
import type { GenerationConfig } from './load-pretrained.ts';
import { writeModelWeights } from './model-weights.ts';
import type { FloatDtype } from './safetensors.ts';
import { toFileLayout } from './weight-layout.ts';

/** The names of the types in config.json. */
const TORCH_DTYPES = { F32: 'float32', BF16: 'bfloat16', F16: 'float16' };

/**
 * Writes a folder that transformers opens: config.json, model.safetensors (or shards), generation_config.json for a language
 * model, and the tokenizer's files copied from `tokenizerFolder` where given. An adapter is merged into the weights. Not
 * atomic: writeCheckpoint makes it so.
 * @throws Error when parameters do not match the config, or a reward model has no pad id (training.md R8)
 */
export function savePretrained(model: {
  folder: string;
  params: Params;
  config: ModelConfig;
  generationConfig?: GenerationConfig;
  tokenizerFolder?: string | null;
  /** how floats are stored; float32 by default, which alone gives the same model back bit for bit */
  dtype?: FloatDtype;
  /** weights above this are split into shards; 5 GB by default, as transformers does */
  maxShardBytes?: number;
}): void {
  const { folder, params, config, dtype = 'F32', maxShardBytes } = model;
  const shapes = paramShapes(config);
  const base = Object.entries(params).filter(([name]) => !isLoraName(name));
  const names = new Set([...shapes.keys(), ...base.map(([name]) => name)]);
  const wrong = [...names].filter((name) => params[name]?.shape.join() !== shapes.get(name)?.join());
  if (wrong.length > 0) throw new Error(`${folder}: parameters do not match the config: ${wrong.join(', ')}`);
  if (isRewardModel(config) && config.padTokenId === null) {
    throw new Error(
      `${folder}: a reward model needs pad_token_id, transformers scores the wrong token without it`,
    );
  }
  mkdirSync(folder, { recursive: true });
  const torchDtype = TORCH_DTYPES[dtype];
  writeJson(join(folder, 'config.json'), {
    ...toHuggingFaceConfig(config),
    dtype: torchDtype,
    torch_dtype: torchDtype,
  });
  const tensors = base.map(([name, { shape }]) => {
    return [name, { shape, readFloats: () => mergedFloats(params, name) }] as const;
  });
  writeModelWeights(folder, toFileLayout(Object.fromEntries(tensors), config), { dtype, maxShardBytes });
  if (!isRewardModel(config)) {
    const { bosTokenId, eosTokenIds, padTokenId } = model.generationConfig ?? config;
    writeJson(join(folder, 'generation_config.json'), {
      bos_token_id: bosTokenId,
      eos_token_id: eosTokenIds.length > 1 ? eosTokenIds : (eosTokenIds[0] ?? null),
      pad_token_id: padTokenId,
    });
  }
  if (model.tokenizerFolder) {
    for (const file of TOKENIZER_FILES) {
      const source = join(model.tokenizerFolder, file);
      if (existsSync(source)) copyFileSync(source, join(folder, file));
    }
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
