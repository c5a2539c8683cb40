import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chooseBackend } from '../backend/choose.ts';
import { loadAdapter } from '../model/adapter-files.ts';
import { readLlama2c } from '../model/llama2c.ts';
import { loadPretrained } from '../model/load-pretrained.ts';
import { countParams, disposeParams, newParam, type Params } from '../model/params.ts';
import { savePretrained } from '../model/save-pretrained.ts';
import { readLlama2cTokenizer } from '../tokenizer/llama2c-tokenizer.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { writeTokenizer } from '../tokenizer/train-bpe.ts';
import type { ImportModelOptions } from './import-model-options.ts';
import { UsageError } from './usage-error.ts';

export type ImportModelResult = { out: string; architecture: string; parameters: number };

/**
 * Writes a Hugging Face folder from a llama2.c file and its tokenizer, or from a model with an adapter merged into it.
 * @throws UsageError when a file is not there; Error naming what is wrong inside of one
 */
export async function importModel({ source, out, dtype }: ImportModelOptions): Promise<ImportModelResult> {
  const inputs =
    source.kind === 'llama2c' ? [source.model, source.tokenizer] : [source.model, source.adapter];
  for (const path of inputs)
    if (!existsSync(path)) throw new UsageError(`${path}: there is no such file or folder`);
  if (existsSync(join(out, 'config.json'))) throw new UsageError(`--out ${out} already holds a model`);
  // weights only pass through
  await chooseBackend('cpu');

  if (source.kind === 'llama2c') {
    const { config, tensors } = readLlama2c(source.model);
    const tokenizer = readLlama2cTokenizer(source.tokenizer, config.vocabSize);
    const params: Params = {};
    for (const [name, { data, shape }] of tensors) params[name] = newParam(data as Float32Array, shape);
    savePretrained({ folder: out, params, config, dtype });
    await writeTokenizer(out, tokenizer);
    loadTokenizer(out);
    return finish(params, config.architecture, out);
  }
  const base = loadPretrained(source.model);
  const { params, config } = loadAdapter(source.adapter, base);
  savePretrained({
    folder: out,
    params,
    config,
    generationConfig: base.generationConfig,
    tokenizerFolder: source.model,
    dtype,
  });
  return finish(params, config.architecture, out);
}

function finish(params: Params, architecture: string, out: string): ImportModelResult {
  const parameters = countParams(params);
  disposeParams(params);
  return { out, architecture, parameters };
}
