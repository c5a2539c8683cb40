/**
 * Gives a base model's tokenizer what a conversation needs, as TRL's setup_chat_format does: ChatML's two markers as tokens of their
 * own, the template that writes them, and an end of an answer that is not the padding.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../model/files/read-json.ts';
import { parseFile } from './parse-file.ts';
import { specialToken } from './special-token.ts';

const START = '<|im_start|>';
const END = '<|im_end|>';
/** ChatML (github.com/openai/openai-python, chatml.md); nothing is said in the model's name. */
const TEMPLATE = `{% for message in messages %}{{ '${START}' + message['role'] + '\\n' + message['content'] + '${END}' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '${START}assistant\\n' }}{% endif %}`;

const tokenSchema = z.looseObject({ id: z.number().int().min(0), content: z.string() });
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(tokenSchema),
  model: z.looseObject({ vocab: z.record(z.string(), z.number().int().min(0)) }),
});
const configSchema = z.looseObject({
  eos_token: z.union([z.string(), z.looseObject({ content: z.string() }).transform((t) => t.content)]),
  chat_template: z.unknown().optional(),
  added_tokens_decoder: z.record(z.string(), z.unknown()).optional(),
});

export type ChatMlTokenizer = {
  /** contents of the tokenizer's files, by name */
  files: Record<'tokenizer.json' | 'tokenizer_config.json' | 'chat_template.jinja', string>;
  startId: number;
  endId: number;
  /** what ended a text before: no longer an end, so it serves as padding */
  padId: number;
  /** ids that the tokenizer did not have */
  newIds: number[];
  /** one more than the highest id */
  vocabSize: number;
};

/**
 * Reads the tokenizer of a base model's folder and adds ChatML.
 * @throws Error naming the file when it is not a tokenizer's, or has a chat template or ChatML's end already
 */
export function addChatMl(folder: string): ChatMlTokenizer {
  const tokenizerPath = join(folder, 'tokenizer.json');
  const tokenizer = parseFile(tokenizerSchema, readJson(tokenizerPath), tokenizerPath);
  const configPath = join(folder, 'tokenizer_config.json');
  const config = parseFile(configSchema, readJson(configPath), configPath);
  const templatePath = join(folder, 'chat_template.jinja');
  if (config.chat_template || existsSync(templatePath))
    throw new Error(
      `${existsSync(templatePath) ? templatePath : configPath}: has a chat template already; ChatML is for base models`,
    );
  if (config.eos_token === END) throw new Error(`${configPath}: eos_token is ${END} already`);

  const ids = new Map(Object.entries(tokenizer.model.vocab));
  for (const { id, content } of tokenizer.added_tokens) ids.set(content, id);
  const padId = ids.get(config.eos_token);
  if (padId === undefined)
    throw new Error(`${configPath}: eos_token "${config.eos_token}" is not a token of tokenizer.json`);
  let vocabSize = 1 + [...ids.values()].reduce((a, b) => Math.max(a, b), -1);
  const isSpecial = new Set(tokenizer.added_tokens.map(({ content }) => content));
  const newIds: number[] = [];
  const added = [config.eos_token, START, END]
    .filter((content) => !isSpecial.has(content))
    .map((content) => {
      const known = ids.get(content);
      const id = known ?? vocabSize++;
      if (known === undefined) newIds.push(id);
      ids.set(content, id);
      return specialToken(id, content);
    });
  const { chat_template: _, ...kept } = config;
  const names = { bos_token: START, eos_token: END, pad_token: config.eos_token };
  const decoder = kept.added_tokens_decoder && {
    added_tokens_decoder: {
      ...kept.added_tokens_decoder,
      ...Object.fromEntries(added.map(({ id, ...token }) => [String(id), token])),
    },
  };
  const written = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    files: {
      'tokenizer.json': written({ ...tokenizer, added_tokens: [...tokenizer.added_tokens, ...added] }),
      'tokenizer_config.json': written({ ...kept, ...decoder, ...names }),
      'chat_template.jinja': TEMPLATE,
    },
    startId: ids.get(START) as number,
    endId: ids.get(END) as number,
    padId,
    newIds,
    vocabSize,
  };
}
