import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tokenizerDifference } from './tokenizer-difference.ts';
import { trainBpe } from './train-bpe.ts';

type Json = Record<string, unknown>;
type File = Json & {
  model: Json & { vocab: Record<string, number>; merges: [string, string][] };
  added_tokens: Json[];
};

const { tokenizerJson } = trainBpe({ texts: ['the cat sat on the mat, the cat'], vocabSize: 270 });
function write(how: (json: File) => Json = (json) => json, indent = 0): string {
  const folder = mkdtempSync(join(tmpdir(), 'difference-'));
  const json = how(structuredClone(tokenizerJson) as File);
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json, null, indent));
  return folder;
}
const known = write();
const difference = (how: (json: File) => Json, indent?: number) =>
  tokenizerDifference(write(how, indent), known);

describe('tokenizerDifference', () => {
  it('is none where the same is written in another way', () => {
    expect(difference((json) => json, 2)).toBeNull();
    expect(
      difference((json) => ({
        ...json,
        padding: { strategy: 'BatchLongest' },
        post_processor: { type: 'TemplateProcessing', single: [], pair: [], special_tokens: {} },
        normalizer: { type: 'Sequence', normalizers: [] },
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel', add_prefix_space: false }] },
        model: {
          type: 'BPE',
          vocab: Object.fromEntries(Object.entries(json.model.vocab).reverse()),
          merges: json.model.merges.map((pair) => pair.join(' ')),
        },
      })),
    ).toBeNull();
  });

  it('names the first that changes ids', () => {
    expect(difference((json) => ({ ...json, normalizer: { type: 'NFC' } }))).toBe(
      'normalizer is {"type":"NFC"}, not null',
    );
    expect(
      difference((json) => ({ ...json, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } })),
    ).toMatch(/^pre_tokenizer is .*"add_prefix_space":true.*, not .*false/);
    expect(
      difference((json) => ({ ...json, model: { ...json.model, merges: json.model.merges.slice(1) } })),
    ).toMatch(/^merge 0 is /);
    expect(difference((json) => ({ ...json, model: { ...json.model, ignore_merges: true } }))).toMatch(
      /^model is /,
    );
    const swapped = (json: File) => ({ ...json.model.vocab, a: json.model.vocab.b, b: json.model.vocab.a });
    expect(difference((json) => ({ ...json, model: { ...json.model, vocab: swapped(json) } }))).toMatch(
      /^token "a" is \d+, not \d+$/,
    );
    const one = { id: 270, content: '<think>', special: false };
    expect(difference((json) => ({ ...json, added_tokens: [...json.added_tokens, one] }))).toBe(
      'token "<think>" is 270, not absent',
    );
    expect(
      difference((json) => ({
        ...json,
        added_tokens: json.added_tokens.map((token, i) => (i === 3 ? { ...token, special: false } : token)),
      })),
    ).toMatch(/^added token "<system>" is .*"special":false/);
  });
});
