import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../data/types.ts';
import { SPECIAL_TOKENS } from './chat-format.ts';
import { loadTokenizer, type Tokenizer } from './load-tokenizer.ts';
import { createSpecialHider } from './special-text.ts';
import { trainBpe, writeTokenizer } from './train-bpe.ts';

const TEXTS = [
  'the cat sat on the mat. the cat ran.',
  'Name three red things: an apple, a rose and a fire engine!',
  'low lower lowest, new newer newest; wide wider widest. 1 2 3 10 20 30',
];

let folder: string;
let tokenizer: Tokenizer;
const wellFormed = fc.string({ unit: 'binary', maxLength: 60 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokenizer-'));
  await writeTokenizer(folder, trainBpe({ texts: TEXTS, vocabSize: 320 }));
  tokenizer = loadTokenizer(folder);
});

describe('trainBpe', () => {
  it('merges the most frequent pair first, the smaller ids on a tie, and counts overlaps once', () => {
    const merges = (texts: string[], n: number) => {
      const { tokenizerJson } = trainBpe({ texts, vocabSize: 262 + n });
      return (tokenizerJson.model as { merges: [string, string][] }).merges;
    };
    expect(merges(['ab ab ab cd cd'], 1)).toEqual([['a', 'b']]);
    // then three pairs come twice; ('Ġ', 'c') has the smallest ids, 'ab' being a late token
    expect(merges(['ab ab ab cd cd'], 3)).toEqual([
      ['a', 'b'],
      ['Ġ', 'c'],
      ['Ġ', 'ab'],
    ]);
    expect(merges(['aaaa aaaa'], 2)).toEqual([
      ['a', 'a'],
      ['aa', 'aa'],
    ]);
  });

  it('gives the merges of the plain algorithm that counts everything again each time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 12 })),
        (texts) => {
          const { tokenizerJson } = trainBpe({ texts, vocabSize: 282 });
          const merges = (tokenizerJson.model as { merges: [string, string][] }).merges;
          expect(merges).toEqual(recountEveryTime(texts, 20));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does not depend on the order of the texts, and stops when no pair repeats', () => {
    const one = trainBpe({ texts: TEXTS, vocabSize: 300 });
    const two = trainBpe({ texts: [...TEXTS].reverse(), vocabSize: 300 });
    expect(two).toEqual(one);
    expect(trainBpe({ texts: ['abc'], vocabSize: 1000 }).vocabSize).toBe(262);
  });

  it('says what is wrong with the size', () => {
    expect(() => trainBpe({ texts: TEXTS, vocabSize: 200 })).toThrow(/vocabSize 200 is outside 262/);
  });
});

describe('loadTokenizer', () => {
  it('round-trips any well-formed text', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
    for (const text of ['', ' ', '\n\n', '日本語 👩‍👩‍👧 é', '\ufeffx', '\u0000', 'a , b .', "I 'm"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });

  it('uses the learned merges', () => {
    expect(tokenizer.encode('the cat').length).toBeLessThan(5);
  });

  it('has a pad of its own and ids that fit', () => {
    expect(tokenizer).toMatchObject({ padTokenId: 0, bosTokenId: 1, eosTokenId: 2 });
    expect(tokenizer.vocabSize).toBeLessThanOrEqual(320);
  });

  it('never makes a special token of a text', () => {
    const hostile = fc
      .array(
        fc.oneof(fc.constantFrom(...SPECIAL_TOKENS, '<', '>', 'eos', '\ufdd0', '<eo\ufdd0s>'), fc.string()),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(hostile, hostile, (question, answer) => {
        expect(tokenizer.encode(answer).every((id) => id >= SPECIAL_TOKENS.length)).toBe(true);
        const messages: Message[] = [
          { role: 'user', content: question },
          { role: 'assistant', content: answer },
        ];
        const ids = tokenizer.encodeChat(messages);
        expect(ids.filter((id) => id < SPECIAL_TOKENS.length)).toEqual([1, 4, 5, 2]);
        expect(tokenizer.decode(ids)).toBe(`<user>${question}<assistant>${answer}`);
      }),
    );
  });

  it('writes the template', () => {
    const messages: Message[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ];
    expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true })).toBe(
      '<bos><system>Be brief.<user>Hi<assistant>',
    );
    expect(tokenizer.encodeChat(messages, { addGenerationPrompt: true })).toEqual([
      1,
      3,
      ...tokenizer.encode('Be brief.'),
      4,
      ...tokenizer.encode('Hi'),
      5,
    ]);
  });

  it('a prompt and its answer are the beginning and the end of the whole conversation', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (question, answer) => {
        const prompt: Message[] = [{ role: 'user', content: question }];
        expect(tokenizer.encodeChat([...prompt, { role: 'assistant', content: answer }])).toEqual([
          ...tokenizer.encodeChat(prompt, { addGenerationPrompt: true }),
          ...tokenizer.encode(answer),
          tokenizer.eosTokenId,
        ]);
      }),
    );
  });

  it('names the file and the field that is wrong', () => {
    const read = (file: string) =>
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
    const broken = (change: { json?: object; config?: object; model?: object; raw?: string }) => {
      const copy = mkdtempSync(join(tmpdir(), 'tokenizer-'));
      writeFileSync(
        join(copy, 'tokenizer.json'),
        change.raw ?? JSON.stringify({ ...read('tokenizer.json'), ...change.json }),
      );
      writeFileSync(
        join(copy, 'tokenizer_config.json'),
        JSON.stringify({ ...read('tokenizer_config.json'), ...change.config }),
      );
      if (change.model) writeFileSync(join(copy, 'config.json'), JSON.stringify(change.model));
      return () => loadTokenizer(copy);
    };
    expect(() => loadTokenizer('/no/such/folder')).toThrow(
      /\/no\/such\/folder\/tokenizer.json: cannot be read/,
    );
    expect(broken({ raw: '{' })).toThrow(/tokenizer.json: not JSON/);
    expect(broken({ json: { model: { type: 'BPE' } } })).toThrow(/tokenizer.json: field "model.vocab"/);
    expect(broken({ config: { eos_token: undefined } })).toThrow(/tokenizer_config.json: field "eos_token"/);
    expect(broken({ config: { eos_token: '<end>' } })).toThrow(/eos_token "<end>" is not a token/);
    expect(broken({ model: { vocab_size: 100 } })).toThrow(
      /ids up to \d+, but config.json says vocab_size 100/,
    );
    expect(broken({ model: { vocab_size: 320 } })).not.toThrow();
    expect(broken({ config: { chat_template: undefined } })().encode('a')).toHaveLength(1);
  });

  it('finds another pad when the folder has none or uses eos for it, and refuses when there is none', () => {
    const withPad = (pad: string | undefined, template?: string) => {
      const copy = mkdtempSync(join(tmpdir(), 'tokenizer-'));
      const config = JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'));
      writeFileSync(join(copy, 'tokenizer.json'), readFileSync(join(folder, 'tokenizer.json')));
      writeFileSync(
        join(copy, 'tokenizer_config.json'),
        JSON.stringify({ ...config, pad_token: pad, chat_template: template ?? config.chat_template }),
      );
      return loadTokenizer(copy).padTokenId;
    };
    expect(withPad('<eos>')).toBe(0);
    expect(withPad(undefined)).toBe(0);
    expect(() => withPad('<eos>', SPECIAL_TOKENS.join(''))).toThrow(/pad_token is the same as eos_token/);
  });
});

describe('createSpecialHider', () => {
  it('leaves no name, keeps lengths and gives back any text, also with overlapping names', () => {
    const hider = createSpecialHider(['<a>', '<a><b>', 'ab', 'ba', 'aba', 'b']);
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '<', '>', '\ufdd0', '\ue000') });
    fc.assert(
      fc.property(text, text, fc.constantFrom(0, 0.5, 0.99), (one, two, place) => {
        const { texts, restore } = hider.hide([one, two], { place });
        expect(texts.some(hider.isIn)).toBe(false);
        expect(texts.map(({ length }) => length)).toEqual([one.length, two.length]);
        expect(texts.map(restore)).toEqual([one, two]);
      }),
    );
  });
});

/** The textbook loop, for comparison. Words are split on spaces with the space in front, as GPT-2's pattern does. */
function recountEveryTime(texts: string[], limit: number): [string, string][] {
  const pattern = / ?[abc]+|\s+(?!\S)|\s+/g;
  const words = texts
    .flatMap((text) => text.match(pattern) ?? [])
    .map((word) => [...word.replaceAll(' ', 'Ġ')]);
  const rank = new Map<string, number>([
    ['Ġ', 32],
    ['a', 97],
    ['b', 98],
    ['c', 99],
  ]);
  const merges: [string, string][] = [];
  while (merges.length < limit) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const key = `${word[i - 1]} ${word[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const order = (key: string) => key.split(' ').map((token) => rank.get(token) ?? 0) as [number, number];
    const best = [...counts].sort(
      ([a, n], [b, m]) => m - n || order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1],
    )[0];
    if (!best || best[1] < 2) break;
    const [left = '', right = ''] = best[0].split(' ');
    merges.push([left, right]);
    rank.set(left + right, 1000 + merges.length);
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        if (word[i - 1] === left && word[i] === right) word.splice(i - 1, 2, left + right);
      }
    }
  }
  return merges;
}
