/**
 * The tokenizer of llama2.c (github.com/karpathy/llama2.c, tokenizer.py export and run.c encode): SentencePiece's BPE with a
 * score for each token. A space is put before the text, characters that are no token become bytes, and the neighbours whose
 * union has the highest score are merged first. As Hugging Face's tokenizer.json: BPE whose merges stand in that order.
 */
import { readFileSync } from 'node:fs';
import { specialToken } from './special-token.ts';
import type { TokenizerFiles } from './train-bpe.ts';

/** <unk>, <s>, </s>, then the 256 bytes. */
const FIRST_PIECE = 3 + 256;
const SPECIALS = ['<unk>', '<s>', '</s>'] as const;
/** How SentencePiece writes a space. */
const SPACE = '▁';
/** A model of stories has nothing to answer: the template only joins the messages, for it to go on from. */
const JOIN_MESSAGES = '{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}';

/**
 * Reads a `tokenizer.bin` of `vocabSize` tokens.
 * @throws Error naming the file and the token at fault
 */
export function readLlama2cTokenizer(path: string, vocabSize: number): TokenizerFiles {
  if (vocabSize < FIRST_PIECE)
    throw new Error(
      `${path}: a vocabulary of ${vocabSize} has no room for the 256 bytes, expected ${FIRST_PIECE} or more`,
    );
  const pieces = readPieces(path, vocabSize);
  const vocab: Record<string, number> = {};
  for (const [id, { text }] of pieces.entries()) {
    const special = SPECIALS[id];
    const isByte = special === undefined && id < FIRST_PIECE;
    const name = special ?? (isByte ? byteName(id - SPECIALS.length) : text.replaceAll(' ', SPACE));
    if (isByte && text !== name)
      throw new Error(`${path}: token ${id} is ${JSON.stringify(text)}, expected ${name}`);
    if (vocab[name] !== undefined)
      throw new Error(`${path}: token ${id}, ${JSON.stringify(text)}, is the same as token ${vocab[name]}`);
    vocab[name] = id;
  }
  const scores = pieces.map(({ score }) => score);
  const special = SPECIALS.map((content, id) => specialToken(id, content));
  return {
    tokenizerJson: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: special,
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Prepend', prepend: SPACE },
          { type: 'Replace', pattern: { String: ' ' }, content: SPACE },
        ],
      },
      pre_tokenizer: null,
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
      },
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: '<unk>',
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
        byte_fallback: true,
        ignore_merges: false,
        vocab,
        merges: mergesOf(vocab, scores),
      },
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: '<unk>',
      pad_token: '<unk>',
      add_bos_token: true,
      clean_up_tokenization_spaces: false,
      chat_template: JOIN_MESSAGES,
    },
    vocabSize,
  };
}

type Piece = { score: number; text: string };

function readPieces(path: string, vocabSize: number): Piece[] {
  const bytes = readFileSync(path);
  const need = (at: number, count: number, what: string): void => {
    if (at + count > bytes.length)
      throw new Error(`${path}: truncated: ${bytes.length} bytes, ${what} ends at ${at + count}`);
  };
  need(0, 4, 'the header');
  const longest = bytes.readInt32LE(0);
  const pieces: Piece[] = [];
  let at = 4;
  for (let id = 0; id < vocabSize; id++) {
    need(at, 8, `the head of token ${id} of ${vocabSize}`);
    const score = bytes.readFloatLE(at);
    const length = bytes.readInt32LE(at + 4);
    at += 8;
    // the three special tokens are written longer than the header says
    const most = id < FIRST_PIECE ? 64 : longest;
    if (length < 0 || length > most)
      throw new Error(`${path}: token ${id} has ${length} bytes, expected 0 to ${most}`);
    if (!Number.isFinite(score)) throw new Error(`${path}: token ${id} has the score ${score}`);
    need(at, length, `token ${id}`);
    pieces.push({ score, text: decodeUtf8(bytes.subarray(at, at + length), `${path}: token ${id}`) });
    at += length;
  }
  if (at !== bytes.length)
    throw new Error(
      `${path}: oversized: ${bytes.length} bytes, ${vocabSize} tokens take ${at}; is it the model's?`,
    );
  return pieces;
}

/** Every way to make a token of two others, the highest score first; among equals in the order of the ids. */
function mergesOf(vocab: Record<string, number>, scores: number[]): [string, string][] {
  const merges: { pair: [string, string]; id: number }[] = [];
  for (const [token, id] of Object.entries(vocab)) {
    if (id < FIRST_PIECE) continue;
    const characters = [...token];
    for (let cut = 1; cut < characters.length; cut++) {
      const pair: [string, string] = [characters.slice(0, cut).join(''), characters.slice(cut).join('')];
      if (pair.every((part) => (vocab[part] ?? 0) >= FIRST_PIECE)) merges.push({ pair, id });
    }
  }
  merges.sort((a, b) => (scores[b.id] as number) - (scores[a.id] as number) || a.id - b.id);
  return merges.map(({ pair }) => pair);
}

function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${what} is not UTF-8`, { cause });
  }
}
