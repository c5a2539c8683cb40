/** The import of llama2.c's files: a trained model must keep its perplexity, and its tokenizer must cut as run.c does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { importModel } from '../../trainer/cli/import-model.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { readLlama2c } from '../../trainer/model/files/llama2c.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { embedding } from '../../trainer/ops/embedding.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import type { Tensor } from '../../trainer/tensors/tf.ts';
import { readLlama2cTokenizer } from '../../trainer/tokenizer/llama2c-tokenizer.ts';
import { loadTokenizer, type Tokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { sharedPath } from '../support/shared-data.ts';
import { tokenInputs } from './golden.ts';

const modelFile = sharedPath('data', 'lm', 'stories260K.bin');
const tokenizerFile = sharedPath('data', 'lm', 'tok512.bin');
const storiesFile = sharedPath('data', 'text', 'tinystories_sample.txt');
const folder = mkdtempSync(join(tmpdir(), 'llama2c-'));
const out = join(folder, 'model');
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!modelFile || !tokenizerFile || !storiesFile)('llama2.c files', () => {
  const model = modelFile as string;
  const tokenizerBin = tokenizerFile as string;
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    const source = { kind: 'llama2c', model, tokenizer: tokenizerBin } as const;
    const { parameters } = await importModel(
      { source, out, dtype: 'F32', json: false },
      { note: () => {}, signal: new AbortController().signal },
    );
    expect(parameters).toBe(260_032);
    tokenizer = loadTokenizer(out);
  });

  it('has perplexity 3.55 a token on the sample stories, each after BOS', async () => {
    await chooseBackend('simd');
    const { params, config } = loadPretrained(out);
    const step = compile('log-probs', (inputs: TokenBatch & { rowsM: Tensor; targetsM: Tensor }) => {
      const hiddenMD = embedding(forwardHidden(params, config, inputs), inputs.rowsM);
      return { logProbsM: tokenLogProbs(lmLogits(params, config, hiddenMD), inputs.targetsM) };
    });
    const stories = readFileSync(storiesFile as string, 'utf8')
      .split('<|endoftext|>')
      .map((story) => story.trim())
      .filter((story) => story !== '');
    let sum = 0;
    let count = 0;
    for (const story of stories) {
      const ids = Int32Array.from([tokenizer.bosTokenId as number, ...tokenizer.encode(story)]);
      const shape = [ids.length - 1];
      const { logProbsM } = await step({
        ...tokenInputs(ids, ids.length),
        rowsM: { shape, data: Int32Array.from(ids.keys()).subarray(0, -1) },
        targetsM: { shape, data: ids.slice(1) },
      });
      for (const logProb of logProbsM.data) sum -= logProb;
      count += ids.length - 1;
    }
    disposeParams(params);
    expect(stories).toHaveLength(5);
    expect(Math.exp(sum / count)).toBeCloseTo(3.55, 2);
  });

  it('cuts text as run.c does', () => {
    const encode = runEncode(tokenizerBin);
    const sample = readFileSync(storiesFile as string, 'utf8');
    for (const text of [sample, ' two  spaces', 'naïve “café” 日本\n\ttab', 'a', ' ', '<s>'])
      expect(tokenizer.encode(text), text).toEqual(encode(text));
    void fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'abehnorstw.\n é', ' ', ' ', 'the '), minLength: 1 }),
        (text) => {
          expect(tokenizer.encode(text)).toEqual(encode(text));
          expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['an empty file', () => Buffer.alloc(0), /truncated: 0 bytes/],
    [
      'a file cut off',
      (b) => b.subarray(0, -4),
      /truncated: 1056536 bytes, the sizes in its header make 1056540/,
    ],
    ['a file with more', (b) => Buffer.concat([b, Buffer.alloc(1)]), /oversized: 1056541 bytes/],
    ['an absurd size', (b) => setInt(b, 1, 2 ** 30), /hidden_dim is 1073741824, expected 1 to/],
    ['a negative size', (b) => setInt(b, 2, -5), /n_layers is -5/],
    ['another format', (b) => setInt(b, 0, 0x616b3432), /dim is 1634415666/],
    [
      'sizes that make more than memory',
      (b) => setInt(setInt(b, 0, 2 ** 20), 5, 2 ** 20),
      /truncated: 1056540 bytes/,
    ],
    ['heads that do not divide', (b) => setInt(b, 3, 7), /dim 64, n_heads 7/],
    ['an output layer that is not there', (b) => setInt(b, 5, -512), /truncated/],
    ['NaN', (b) => setInt(b, 9, 0x7fc00000), /model.embed_tokens.weight holds NaN at element 2/],
  ])('refuses %s, naming the file', (_name, change, message) => {
    const path = join(folder, 'broken.bin');
    writeFileSync(path, change(readFileSync(model)));
    expect(() => readLlama2c(path)).toThrow(message);
    expect(() => readLlama2c(path)).toThrow(path);
  });

  it.each<[string, (bytes: Buffer) => Buffer, number, RegExp]>([
    ['an empty file', () => Buffer.alloc(0), 512, /truncated: 0 bytes, the header/],
    ['a file cut off', (b) => b.subarray(0, -2), 512, /truncated: .* token 511 ends at/],
    ["another model's", (b) => b, 511, /oversized: .* is it the model's/],
    ["a larger model's", (b) => b, 32_000, /truncated: .* token 512 of 32000/],
    ['too small a vocabulary', (b) => b, 100, /a vocabulary of 100 has no room for the 256 bytes/],
    ['an absurd length', (b) => setInt(b, 2, 2 ** 30), 512, /token 0 has 1073741824 bytes/],
    ['a score that is no number', (b) => setInt(b, 1, 0x7fc00000), 512, /token 0 has the score NaN/],
  ])('refuses a tokenizer: %s', (_name, change, vocabSize, message) => {
    const path = join(folder, 'broken-tokenizer.bin');
    writeFileSync(path, change(readFileSync(tokenizerBin)));
    expect(() => readLlama2cTokenizer(path, vocabSize)).toThrow(message);
    expect(() => readLlama2cTokenizer(path, vocabSize)).toThrow(path);
  });
});

function setInt(bytes: Buffer, index: number, value: number): Buffer {
  bytes.writeInt32LE(value, 4 * index);
  return bytes;
}

/** The algorithm of run.c's encode: characters or bytes, then again and again the best-scored union of two neighbours. */
function runEncode(path: string): (text: string) => number[] {
  const bytes = readFileSync(path);
  const pieces: { score: number; text: string }[] = [];
  for (let at = 4; at < bytes.length; ) {
    const length = bytes.readInt32LE(at + 4);
    pieces.push({ score: bytes.readFloatLE(at), text: bytes.toString('utf8', at + 8, at + 8 + length) });
    at += 8 + length;
  }
  const idOf = new Map(pieces.map(({ text }, id) => [text, id]));
  return (text) => {
    const ids = [idOf.get(' ') as number];
    for (const character of text) {
      const id = idOf.get(character);
      if (id !== undefined) ids.push(id);
      else for (const byte of Buffer.from(character)) ids.push(byte + 3);
    }
    for (;;) {
      let best = { score: -1e10, id: -1, at: -1 };
      for (let at = 0; at + 1 < ids.length; at++) {
        const id = idOf.get(`${pieces[ids[at] as number]?.text}${pieces[ids[at + 1] as number]?.text}`);
        const score = id === undefined ? Number.NEGATIVE_INFINITY : (pieces[id]?.score as number);
        if (score > best.score) best = { score, id: id as number, at };
      }
      if (best.at === -1) return ids;
      ids.splice(best.at, 2, best.id);
    }
  };
}
