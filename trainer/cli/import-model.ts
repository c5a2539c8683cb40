import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseBackend } from '../backends/choose.ts';
import { mergeAdapter } from '../merge-adapter.ts';
import { readLlama2c } from '../model/files/llama2c.ts';
import { loadPretrained } from '../model/files/load-pretrained.ts';
import { savePretrained } from '../model/files/save-pretrained.ts';
import { growVocabulary } from '../model/grow-vocabulary.ts';
import { countParams, disposeParams, newParam, type Params } from '../model/params.ts';
import { addChatMl } from '../tokenizer/add-chatml.ts';
import { readLlama2cTokenizer } from '../tokenizer/llama2c-tokenizer.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { writeTokenizer } from '../tokenizer/train-bpe.ts';
import type { ImportModelOptions } from './import-model-options.ts';
import { resolveModel } from './resolve-model.ts';
import { UsageError } from './usage-error.ts';

export type ImportModelResult = { out: string; architecture: string; parameters: number };

/**
 * Writes a Hugging Face folder from a llama2.c file and its tokenizer, from a model with an adapter merged into it, or from a base
 * model that is to talk in ChatML.
 * @throws UsageError when a file is not there; Error naming what is wrong inside of one
 */
export async function importModel(
  { source: given, out, dtype }: ImportModelOptions,
  io: { note: (line: string) => void; signal: AbortSignal },
): Promise<ImportModelResult> {
  const source = given.kind === 'llama2c' ? given : { ...given, model: await resolveModel(given.model, io) };
  const { kind: _, ...inputs } = source;
  for (const path of Object.values(inputs))
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
  if (source.kind === 'chatml') {
    const { files, startId, endId, padId, newIds, vocabSize } = addChatMl(source.model);
    const { params, config } = loadPretrained(source.model);
    const ids = { bosTokenId: startId, eosTokenIds: [endId], padTokenId: padId };
    const grown = { ...growVocabulary({ params, config }, { newIds, vocabSize }), ...ids };
    savePretrained({ folder: out, params, config: grown, generationConfig: ids, dtype });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(out, name), text);
    loadTokenizer(out);
    return finish(params, grown.architecture, out);
  }
  const merged = mergeAdapter({ baseFolder: source.model, adapterFolder: source.adapter, out, dtype });
  return { out, ...merged };
}

function finish(params: Params, architecture: string, out: string): ImportModelResult {
  const parameters = countParams(params);
  disposeParams(params);
  return { out, architecture, parameters };
}
