/** A model folder whose words are four letters: ten tokens in all, small enough to know every probability. */
import { mkdirSync } from 'node:fs';
import { createRng } from '../../lib/rng.ts';
import type { Message } from '../../trainer/data/types.ts';
import { newModelConfig } from '../../trainer/model/config.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { initParams } from '../../trainer/model/init-params.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { SPECIAL_TOKENS } from '../../trainer/tokenizer/chat-format.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { trainBpe, writeTokenizer } from '../../trainer/tokenizer/train-bpe.ts';

export const LETTERS = ['a', 'b', 'c', 'd'] as const;

export const letterPrompt: Message[] = [{ role: 'user', content: 'a' }];

/** Writes the folder: a trained tokenizer with all but the specials and four letters taken out, and an untrained model. */
export async function writeLetterModel(
  folder: string,
  shape: { hiddenSize: number; numLayers: number; initializerRange: number; seed: number },
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const files = trainBpe({ texts: ['a'], vocabSize: 262 });
  const model = files.tokenizerJson.model as { vocab: Record<string, number>; merges: unknown[] };
  const names = [...SPECIAL_TOKENS, ...LETTERS];
  model.vocab = Object.fromEntries(names.map((name, id) => [name, id]));
  model.merges = [];
  await writeTokenizer(folder, { ...files, vocabSize: names.length });
  const tokenizer = loadTokenizer(folder);
  const { seed, ...size } = shape;
  const config = newModelConfig({
    ...size,
    vocabSize: names.length,
    intermediateSize: 2 * size.hiddenSize,
    numHeads: 2,
    maxPositions: 32,
    bosTokenId: tokenizer.bosTokenId,
    eosTokenIds: [tokenizer.eosTokenId],
    padTokenId: tokenizer.padTokenId,
  });
  const params = initParams(config, createRng(seed, 'init'));
  savePretrained({ folder, params, config });
  disposeParams(params);
  return folder;
}
