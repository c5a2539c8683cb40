/**
 * Opens a Hugging Face tokenizer folder (`tokenizer.json`, `tokenizer_config.json`, perhaps `chat_template.jinja`).
 *
 * Ids are those of transformers, with one difference: text is only ever text. `encode` never gives a special token, whatever the
 * text contains (transformers' split_special_tokens). Special tokens come from three places only: the chat template
 * (`encodeChat`), the ids on this record, and the model's own samples. Added tokens that are not special, as `<think>` mostly is,
 * are part of the text and one id wherever they stand.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Message } from '../data/types.ts';
import { type ChatTemplate, ChatTemplateError, openChatTemplate } from './chat-template.ts';
import { addedTokens, openHubTokenizer } from './hub-tokenizer.ts';
import { parseFile } from './parse-file.ts';
import { createSpecialHider, type SpecialHider } from './special-text.ts';
import {
  namedToken,
  type TokenizerConfig,
  tokenizerConfigSchema,
  tokenizerFileSchema,
} from './tokenizer-files.ts';

export type Tokenizer = {
  /** ids of plain text; a special token's name inside the text is spelled out, byte by byte if need be */
  encode(text: string): number[];
  /** text of ids; pad, bos and eos are left out, other special tokens are shown by name */
  decode(ids: readonly number[]): string;
  /** the conversation as the model's template writes it: for reading. Use encodeChat for ids */
  applyChatTemplate(messages: readonly Message[], options?: { addGenerationPrompt?: boolean }): string;
  /**
   * ids of the conversation; special tokens only where the template puts them, never from a message's content
   * @throws ChatTemplateError when the template refuses this conversation, Error when there is no template
   */
  encodeChat(messages: readonly Message[], options?: { addGenerationPrompt?: boolean }): number[];
  bosTokenId: number | null;
  eosTokenId: number;
  /** never equal to eosTokenId (training.md R8) */
  padTokenId: number;
  /** one more than the highest id */
  vocabSize: number;
};

/** How a base model gets what it lacks. */
const CHATML_HINT =
  'npm run import-model -- --model <folder> --chatml gives a base model template and pad token';
/** Places in a special token's name that are tried for a stand-in: a template may look at the first or last character. */
const PLACES = [0.5, 0.99, 0];

/** Opens the tokenizer of a model folder. Throws an error that names the file and the field that is missing or wrong. */
export function loadTokenizer(folder: string): Tokenizer {
  const tokenizerPath = join(folder, 'tokenizer.json');
  const configPath = join(folder, 'tokenizer_config.json');
  const file = parseFile(tokenizerFileSchema, readJson(tokenizerPath), tokenizerPath);
  const config = parseFile(tokenizerConfigSchema, readJson(configPath), configPath);
  const named = namedTokens(config);

  const tokens = addedTokens(file, config, new Set(Object.values(named)));
  const added = new Map(tokens.map((token) => [token.content, token.id]));
  const idOf = (name: string, field: string): number => {
    const id = added.get(name);
    if (id === undefined)
      throw new Error(`${configPath}: ${field} "${name}" is not a token of tokenizer.json`);
    return id;
  };
  const vocabSize =
    1 + [...Object.values(file.model.vocab), ...added.values()].reduce((a, b) => Math.max(a, b), -1);
  checkFitsModel(folder, vocabSize);

  const template = openChatTemplate(folder, config.chat_template, named);
  const eosTokenId = idOf(config.eos_token, 'eos_token');
  const bosTokenId = config.bos_token ? idOf(config.bos_token, 'bos_token') : null;
  const padTokenId = choosePad({
    named: config.pad_token ? idOf(config.pad_token, 'pad_token') : null,
    taken: [eosTokenId, bosTokenId],
    spare: tokens.filter((t) => t.special && !template?.source.includes(t.content)).map((t) => t.id),
    configPath,
  });

  const specials = createSpecialHider(tokens.filter(({ special }) => special).map(({ content }) => content));
  const hub = openHubTokenizer({ file, config, tokens });
  const silent = new Set([padTokenId, eosTokenId, bosTokenId]);

  const render = (messages: readonly Message[], addGenerationPrompt: boolean): string => {
    if (template === null)
      throw new Error(
        `${configPath}: no chat_template, and no chat_template.jinja beside it; ${CHATML_HINT}`,
      );
    return template.render(messages, { addGenerationPrompt });
  };

  return {
    encode(text) {
      const { texts, restore } = specials.hide([text]);
      return hub.encode(texts[0] as string, restore);
    },
    decode(ids) {
      const shown = ids.filter((id) => !silent.has(id));
      const unknown = shown.find((id) => !hub.has(id));
      if (unknown !== undefined)
        throw new RangeError(`token id ${unknown} is not in the vocabulary of ${vocabSize}`);
      return shown.length === 0 ? '' : hub.decode(shown);
    },
    applyChatTemplate: (messages, { addGenerationPrompt = false } = {}) =>
      render(messages, addGenerationPrompt),
    encodeChat(messages, { addGenerationPrompt = false } = {}) {
      const written = render(messages, addGenerationPrompt);
      if (template === null || !messages.some(({ content }) => specials.isIn(content)))
        return hub.encode(written);
      const { text, restore } = hideContents(messages, { written, template, specials, addGenerationPrompt });
      return hub.encode(text, restore);
    },
    bosTokenId,
    eosTokenId,
    padTokenId,
    vocabSize,
  };
}

/**
 * What the template wrote, with the special tokens that stand in a message's content hidden: those left are the template's own.
 * It is written once more, of contents with stand-ins, and must come out the same.
 * @throws ChatTemplateError when the template writes something else for a content that names a special token: then nobody can
 *   say which of them are its own
 */
function hideContents(
  messages: readonly Message[],
  how: { written: string; template: ChatTemplate; specials: SpecialHider; addGenerationPrompt: boolean },
): { text: string; restore: (text: string) => string } {
  const { written, template, specials, addGenerationPrompt } = how;
  for (const place of PLACES) {
    const { texts, restore } = specials.hide(
      messages.map(({ content }) => content),
      { avoid: template.source, place },
    );
    const hidden = messages.map(({ role }, i) => ({ role, content: texts[i] as string }));
    const text = template.render(hidden, { addGenerationPrompt });
    if (restore(text) === written) return { text, restore };
  }
  const at = messages.findIndex(({ content }) => specials.isIn(content));
  throw new ChatTemplateError(
    `the ${messages[at]?.role} message names a special token, and the chat template rewrites such a message: what is its own and what is the message's cannot be told apart`,
  );
}

/** `bos_token` and whatever else the config names, for the template. */
function namedTokens(config: TokenizerConfig): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [field, value] of Object.entries(config)) {
    const token = field.endsWith('_token') ? namedToken.safeParse(value) : null;
    if (token?.success) named[field] = token.data;
  }
  return named;
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
