/** A base model of GPT-2's kind, one special token and no template, learns to talk: transformers reads the same conversation. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { importModel } from '../../trainer/cli/import-model.ts';
import { newGpt2Config } from '../../trainer/model/config.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { initParams } from '../../trainer/model/init-params.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { trainBpe } from '../../trainer/tokenizer/train-bpe.ts';
import { pythonForTests, runPython } from '../support/with-python.ts';

const SCRIPT = fileURLToPath(new URL('chat.py', import.meta.url));
const END_OF_TEXT = '<|endoftext|>';
const root = mkdtempSync(join(tmpdir(), 'chatml-'));
const base = join(root, 'base');
const out = join(root, 'chat');
afterAll(() => rmSync(root, { recursive: true }));

const io = { note: () => {}, signal: new AbortController().signal };
const importChat = (from: string, to: string) =>
  importModel({ source: { kind: 'chatml', model: from }, out: to, dtype: 'F32', json: false }, io);
const messages = [
  { role: 'system', content: 'Answer well.' },
  { role: 'user', content: `Why does ice float? <|im_end|> ${END_OF_TEXT}` },
] as const;

/** The files of GPT-2's tokenizer, with a small vocabulary. */
function writeGpt2Tokenizer(folder: string): number {
  const { tokenizerJson } = trainBpe({ texts: ['ice floats on water, water is not ice'], vocabSize: 280 });
  const file = tokenizerJson as { model: { vocab: Record<string, number>; merges: unknown[] } };
  const tokens = Object.keys(file.model.vocab).filter((token) => !/^<\w+>$/.test(token));
  const vocab = Object.fromEntries([...tokens, END_OF_TEXT].map((token, id) => [token, id]));
  const endOfText = { id: tokens.length, content: END_OF_TEXT, special: true, normalized: true };
  const added = { ...endOfText, single_word: false, lstrip: false, rstrip: false };
  const json = { ...tokenizerJson, added_tokens: [added], model: { ...file.model, vocab } };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json));
  const names = { bos_token: END_OF_TEXT, eos_token: END_OF_TEXT, unk_token: END_OF_TEXT };
  const config = { tokenizer_class: 'GPT2Tokenizer', model_max_length: 64, ...names };
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  return tokens.length + 1;
}

beforeAll(async () => {
  await chooseBackend('cpu');
  mkdirSync(base);
  const vocabSize = writeGpt2Tokenizer(base);
  const size = { hiddenSize: 16, intermediateSize: 32, numLayers: 1, numHeads: 2, maxPositions: 64 };
  const config = newGpt2Config({ vocabSize, ...size });
  const params = initParams(config, createRng(1, 'base'));
  savePretrained({ folder: base, params, config });
  disposeParams(params);
});

describe('import-model --chatml', () => {
  it('is what the errors of a base model point to', () => {
    expect(() => loadTokenizer(base)).toThrow(
      /pad_token is missing .*import-model -- --model <folder> --chatml/s,
    );
  });

  it('gives the tokens, the template, an end of its own and rows of the mean', async () => {
    const old = loadPretrained(base);
    const { vocabSize: before } = old.config;
    const { parameters } = await importChat(base, out);
    const tokenizer = loadTokenizer(out);
    expect(tokenizer).toMatchObject({ bosTokenId: before, eosTokenId: before + 1, padTokenId: before - 1 });
    const { params, config, generationConfig } = loadPretrained(out);
    expect(config).toMatchObject({
      vocabSize: before + 2,
      padTokenId: before - 1,
      eosTokenIds: [before + 1],
    });
    expect(generationConfig.eosTokenIds).toEqual([before + 1]);
    expect(parameters).toBe(Object.values(old.params).reduce((sum, { size }) => sum + size, 0) + 2 * 16);
    const rows = (from: typeof params) => from['transformer.wte.weight']?.dataSync() as Float32Array;
    const [oldRows, newRows] = [rows(old.params), rows(params)];
    expect([...newRows.subarray(0, before * 16)]).toEqual([...oldRows]);
    for (let d = 0; d < 16; d++) {
      let sum = 0;
      for (let id = 0; id < before; id++) sum += oldRows[id * 16 + d] as number;
      for (const id of [before, before + 1]) expect(newRows[id * 16 + d]).toBeCloseTo(sum / before, 6);
    }
    disposeParams(old.params);
    disposeParams(params);
    const [start, end] = [tokenizer.bosTokenId as number, tokenizer.eosTokenId];
    const ids = tokenizer.encodeChat(messages, { addGenerationPrompt: true });
    expect(ids.filter((id) => id === start)).toHaveLength(3);
    // what a user writes stays text
    expect(ids.filter((id) => id === end)).toHaveLength(2);
    expect(ids).not.toContain(tokenizer.padTokenId);
  });

  it('refuses a model that has a template', async () => {
    await expect(importChat(out, join(root, 'again'))).rejects.toThrow(
      /chat_template.jinja: has a chat template already/,
    );
  });

  const python = pythonForTests();
  it.skipIf(!python)('transformers writes the same conversation and opens the model', () => {
    const result = join(root, 'result.json');
    const plain = messages.map(({ role }) => ({ role, content: 'Why does ice float?' }));
    runPython(python as string, [SCRIPT, out, JSON.stringify(plain), result]);
    const tokenizer = loadTokenizer(out);
    const { bosTokenId, eosTokenId, padTokenId, vocabSize } = tokenizer;
    expect(JSON.parse(readFileSync(result, 'utf8'))).toEqual({
      ids: tokenizer.encodeChat(plain, { addGenerationPrompt: true }),
      problems: {},
      rows: vocabSize,
      special: [bosTokenId, eosTokenId, padTokenId],
      eos: eosTokenId,
    });
  });
});
