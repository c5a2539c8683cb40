import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from './read-json.ts';

const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number() })).default([]),
  // Unigram lists its tokens in order
  model: z.looseObject({ vocab: z.union([z.record(z.string(), z.number()), z.array(z.unknown())]) }),
});
const configSchema = z.looseObject({ added_tokens_decoder: z.record(z.string(), z.unknown()).nullish() });

/**
 * Ids below `vocabSize` for which the tokenizer beside the weights has no token: embeddings are often padded to a multiple of 64
 * or more. None where the folder holds no tokenizer.
 */
export function vacantIds(folder: string, vocabSize: number): number[] {
  const tokenizerPath = join(folder, 'tokenizer.json');
  if (!existsSync(tokenizerPath)) return [];
  // whoever opens the tokenizer says what is wrong with it
  const file = tokenizerSchema.safeParse(readJson(tokenizerPath));
  if (!file.success) return [];
  const configPath = join(folder, 'tokenizer_config.json');
  const config = existsSync(configPath) ? configSchema.safeParse(readJson(configPath)) : null;
  const { vocab } = file.data.model;
  const taken = new Set<number>(Array.isArray(vocab) ? vocab.keys() : Object.values(vocab));
  for (const { id } of file.data.added_tokens) taken.add(id);
  for (const id of Object.keys(config?.data?.added_tokens_decoder ?? {})) taken.add(Number(id));
  const vacant: number[] = [];
  for (let id = 0; id < vocabSize; id++) if (!taken.has(id)) vacant.push(id);
  return vacant;
}
