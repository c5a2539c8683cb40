/**
 * Opens a Hugging Face tokenizer folder (`tokenizer.json`, `tokenizer_config.json`, perhaps `chat_template.jinja`).
 *
 * Text is only ever text: `encode` never gives a special token, whatever the text contains. Special tokens come from
 * three places only: the chat template (`encodeChat`), the ids on this record, and the model's own samples.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import type { Message } from '../data/types.ts';
import { parseFile } from './parse-file.ts';
import { escapeSpecials, splitSpecials } from './special-text.ts';

export type Tokenizer = {
  /** ids of plain text; a special token's name inside the text is spelled out, byte by byte if need be */
  encode(text: string): number[];
  /** text of ids; pad, bos and eos are left out, other special tokens are shown by name */
  decode(ids: readonly number[]): string;
  /** the conversation as the model's template writes it: for reading. Use encodeChat for ids */
  applyChatTemplate(messages: readonly Message[], options?: { addGenerationPrompt?: boolean }): string;
  /** ids of the conversation; special tokens only where the template puts them, never from a message's content */
  encodeChat(messages: readonly Message[], options?: { addGenerationPrompt?: boolean }): number[];
  bosTokenId: number | null;
  eosTokenId: number;
  /** never equal to eosTokenId (training.md R8) */
  padTokenId: number;
  /** one more than the highest id */
  vocabSize: number;
};

const addedTokenSchema = z.looseObject({
  id: z.number().int().min(0),
  content: z.string().min(1),
  special: z.boolean().default(false),
});
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema),
  model: z.looseObject({ type: z.string(), vocab: z.record(z.string(), z.number().int().min(0)) }),
});
const namedToken = z.union([z.string(), z.looseObject({ content: z.string() }).transform((t) => t.content)]);
const configSchema = z.looseObject({
  bos_token: namedToken.nullish(),
  eos_token: namedToken,
  pad_token: namedToken.nullish(),
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

/** How a base model gets what it lacks. */
const CHATML_HINT =
  'npm run import-model -- --model <folder> --chatml gives a base model template and pad token';

/** Opens the tokenizer of a model folder. Throws an error that names the file and the field that is missing or wrong. */
export function loadTokenizer(folder: string): Tokenizer {
  const tokenizerPath = join(folder, 'tokenizer.json');
  const configPath = join(folder, 'tokenizer_config.json');
  const rawTokenizer = readJson(tokenizerPath);
  const rawConfig = readJson(configPath);
  const file = parseFile(tokenizerSchema, rawTokenizer, tokenizerPath);
  const config = parseFile(configSchema, rawConfig, configPath);

  const added = new Map(file.added_tokens.map((token) => [token.content, token.id]));
  const idOf = (name: string, field: string): number => {
    const id = added.get(name) ?? file.model.vocab[name];
    if (id === undefined)
      throw new Error(`${configPath}: ${field} "${name}" is not a token of tokenizer.json`);
    return id;
  };
  const vocabSize =
    1 + [...Object.values(file.model.vocab), ...added.values()].reduce((a, b) => Math.max(a, b), -1);
  checkFitsModel(folder, vocabSize);

  const templateSource = readTemplate(folder, config.chat_template);
  const template = templateSource === null ? null : new Template(templateSource);
  const eosTokenId = idOf(config.eos_token, 'eos_token');
  const bosTokenId = config.bos_token ? idOf(config.bos_token, 'bos_token') : null;
  const padTokenId = choosePad({
    named: config.pad_token ? idOf(config.pad_token, 'pad_token') : null,
    taken: [eosTokenId, bosTokenId],
    spare: file.added_tokens
      .filter((t) => t.special && !(templateSource ?? '').includes(t.content))
      .map((t) => t.id),
    configPath,
  });

  // without its added tokens the library has nothing to recognise in a text: this instance is for plain text only
  const vocabOfText = Object.fromEntries(
    Object.entries(file.model.vocab).filter(([token]) => !added.has(token)),
  );
  const plain = new HubTokenizer(
    { ...file, model: { ...file.model, vocab: vocabOfText }, added_tokens: [] },
    config,
  );
  const full = new HubTokenizer(file, config);
  const silent = new Set([padTokenId, eosTokenId, bosTokenId]);

  const render = (messages: readonly Message[], addGenerationPrompt: boolean): string => {
    if (template === null)
      throw new Error(
        `${configPath}: no chat_template, and no chat_template.jinja beside it; ${CHATML_HINT}`,
      );
    return template.render({
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: addGenerationPrompt,
      bos_token: config.bos_token ?? '',
      eos_token: config.eos_token,
    });
  };
  const encode = (text: string): number[] =>
    text === '' ? [] : plain.encode(text, { add_special_tokens: false }).ids;

  return {
    encode,
    decode(ids) {
      const shown = ids.filter((id) => !silent.has(id));
      const unknown = shown.find((id) => full.id_to_token(id) === undefined);
      if (unknown !== undefined)
        throw new RangeError(`token id ${unknown} is not in the vocabulary of ${vocabSize}`);
      return shown.length === 0 ? '' : full.decode(shown, { clean_up_tokenization_spaces: false });
    },
    applyChatTemplate: (messages, { addGenerationPrompt = false } = {}) =>
      render(messages, addGenerationPrompt),
    encodeChat(messages, { addGenerationPrompt = false } = {}) {
      const names = [...added.keys()];
      const safe = messages.map((m) => ({ role: m.role, content: escapeSpecials(m.content, names) }));
      return splitSpecials(render(safe, addGenerationPrompt), names).flatMap((part) =>
        part.special ? [added.get(part.text) ?? eosTokenId] : encode(part.text),
      );
    },
    bosTokenId,
    eosTokenId,
    padTokenId,
    vocabSize,
  };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(
      `${path}: cannot be read; a tokenizer folder holds tokenizer.json and tokenizer_config.json`,
      {
        cause,
      },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path}: not JSON (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause,
    });
  }
}

function readTemplate(folder: string, given: z.output<typeof configSchema>['chat_template']): string | null {
  try {
    return readFileSync(join(folder, 'chat_template.jinja'), 'utf8');
  } catch {
    // optional file: older folders keep the template inside tokenizer_config.json
  }
  if (typeof given === 'string') return given;
  return given?.find((entry) => entry.name === 'default')?.template ?? given?.[0]?.template ?? null;
}

function checkFitsModel(folder: string, vocabSize: number): void {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  } catch {
    return; // a tokenizer may stand alone; the model loader complains about a missing or broken config.json
  }
  const modelSize = z.looseObject({ vocab_size: z.number() }).safeParse(config);
  if (modelSize.success && vocabSize > modelSize.data.vocab_size) {
    throw new Error(
      `${folder}: the tokenizer has ids up to ${vocabSize - 1}, but config.json says vocab_size ${modelSize.data.vocab_size}`,
    );
  }
}

/** Many published folders have no pad token, or use eos for it; then a special token that the template does not use serves. */
function choosePad(args: {
  named: number | null;
  taken: (number | null)[];
  spare: number[];
  configPath: string;
}): number {
  const { named, taken, spare, configPath } = args;
  if (named !== null && !taken.includes(named)) return named;
  const free = spare.find((id) => !taken.includes(id));
  if (free !== undefined) return free;
  throw new Error(
    `${configPath}: pad_token ${named === null ? 'is missing' : 'is the same as eos_token or bos_token'} and tokenizer.json has no spare special token; give it an own pad token. ${CHATML_HINT}`,
  );
}
