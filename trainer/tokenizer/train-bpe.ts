/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016 over GPT-2's byte alphabet) and writes it as Hugging Face files.
 *
 * Words (pieces of GPT-2's splitting pattern) are counted once; then the most frequent pair of neighbours is merged again
 * and again. Pair counts are kept up to date word by word and the best pair comes from a heap whose stale entries are
 * skipped. Same text in any order of equal words, same merges: ties go to the pair with the smaller ids.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BYTE_ALPHABET } from './byte-alphabet.ts';
import { CHAT_TEMPLATE, SPECIAL_TOKENS } from './chat-format.ts';
import { PairHeap } from './pair-heap.ts';
import { specialToken } from './special-token.ts';

export type TokenizerFiles = {
  tokenizerJson: Record<string, unknown>;
  tokenizerConfig: Record<string, unknown>;
  vocabSize: number;
};

/** GPT-2's splitting pattern, as in the ByteLevel pre-tokenizer that reads the files. */
const WORD_PATTERN = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const SMALLEST_VOCABULARY = SPECIAL_TOKENS.length + BYTE_ALPHABET.length;

type Word = { ids: number[]; count: number };

/**
 * Learns merges from `texts` until there are `vocabSize` tokens, or no pair comes `minFrequency` times any more (then the
 * vocabulary is smaller than asked; `vocabSize` of the result says what it is).
 */
export function trainBpe(args: {
  texts: Iterable<string>;
  vocabSize: number;
  minFrequency?: number;
}): TokenizerFiles {
  const { texts, vocabSize, minFrequency = 2 } = args;
  if (vocabSize < SMALLEST_VOCABULARY || vocabSize > 65536) {
    throw new RangeError(
      `vocabSize ${vocabSize} is outside ${SMALLEST_VOCABULARY} (256 bytes and ${SPECIAL_TOKENS.length} special tokens) to 65536`,
    );
  }
  const tokens: string[] = [...SPECIAL_TOKENS, ...BYTE_ALPHABET];
  const merges: [string, string][] = [];
  const words = countWords(texts);
  const pairs = countPairs(words);
  const heap = new PairHeap(pairs.counts);

  while (tokens.length < vocabSize) {
    const best = heap.popBest();
    if (best === null || best.count < minFrequency) break;
    const [left, right] = [Math.floor(best.pair / 65536), best.pair % 65536];
    const merged = tokens.length;
    merges.push([tokens[left] ?? '', tokens[right] ?? '']);
    tokens.push((tokens[left] ?? '') + (tokens[right] ?? ''));
    for (const index of pairs.wordsOf.get(best.pair) ?? []) {
      const word = words[index];
      if (!word) continue;
      const before = word.ids;
      word.ids = mergePair(before, best.pair, merged);
      if (word.ids.length === before.length) continue;
      addPairs(pairs, { ids: before, count: -word.count }, index);
      addPairs(pairs, word, index);
      for (const pair of new Set([...pairsOf(before), ...pairsOf(word.ids)])) {
        heap.push(pair, pairs.counts.get(pair) ?? 0);
      }
    }
    pairs.counts.delete(best.pair);
    pairs.wordsOf.delete(best.pair);
  }
  return { ...hubFiles(tokens, merges), vocabSize: tokens.length };
}

/** Writes `tokenizer.json` and `tokenizer_config.json` into an existing folder. */
export async function writeTokenizer(folder: string, files: TokenizerFiles): Promise<void> {
  await writeFile(join(folder, 'tokenizer.json'), `${JSON.stringify(files.tokenizerJson, null, 1)}\n`);
  await writeFile(
    join(folder, 'tokenizer_config.json'),
    `${JSON.stringify(files.tokenizerConfig, null, 2)}\n`,
  );
}

function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.match(WORD_PATTERN) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const firstByte = SPECIAL_TOKENS.length;
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({
    ids: Array.from(encoder.encode(word), (byte) => firstByte + byte),
    count,
  }));
}

type Pairs = { counts: Map<number, number>; wordsOf: Map<number, Set<number>> };

function countPairs(words: Word[]): Pairs {
  const pairs: Pairs = { counts: new Map(), wordsOf: new Map() };
  words.forEach((word, index) => {
    addPairs(pairs, word, index);
  });
  return pairs;
}

function addPairs(pairs: Pairs, word: Word, index: number): void {
  for (const pair of pairsOf(word.ids)) {
    pairs.counts.set(pair, (pairs.counts.get(pair) ?? 0) + word.count);
    if (word.count < 0) continue;
    const indexes = pairs.wordsOf.get(pair);
    if (indexes) indexes.add(index);
    else pairs.wordsOf.set(pair, new Set([index]));
  }
}

function pairsOf(ids: number[]): number[] {
  const pairs: number[] = [];
  for (let i = 1; i < ids.length; i++) pairs.push((ids[i - 1] ?? 0) * 65536 + (ids[i] ?? 0));
  return pairs;
}

function mergePair(ids: number[], pair: number, merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? 0;
    if (i + 1 < ids.length && id * 65536 + (ids[i + 1] ?? 0) === pair) {
      result.push(merged);
      i++;
    } else result.push(id);
  }
  return result;
}

function hubFiles(tokens: string[], merges: [string, string][]): Omit<TokenizerFiles, 'vocabSize'> {
  const specials = SPECIAL_TOKENS.map((content, id) => specialToken(id, content));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    tokenizerJson: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: specials,
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
      },
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: '<bos>',
      eos_token: '<eos>',
      pad_token: '<pad>',
      clean_up_tokenization_spaces: false,
      added_tokens_decoder: Object.fromEntries(specials.map(({ id, ...token }) => [String(id), token])),
      chat_template: CHAT_TEMPLATE,
    },
  };
}
