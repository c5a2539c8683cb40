import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import type { Message } from '../data/types.ts';

/** What a chat template says when it refuses a conversation, or cannot write one. */
export class ChatTemplateError extends Error {
  override readonly name = 'ChatTemplateError';
}

export type ChatTemplate = {
  /** as Jinja2 reads it, newlines LF */
  source: string;
  /** @throws ChatTemplateError when the template raises */
  render(messages: readonly Message[], options: { addGenerationPrompt: boolean }): string;
};

/** What tokenizer_config.json may hold: one template, or several by name. */
export type GivenTemplate = string | { name: string; template: string }[] | null | undefined;

/**
 * The chat template of a tokenizer's folder: chat_template.jinja, else that of tokenizer_config.json, else null.
 * @param variables what a template may name beside the conversation, as bos_token
 * @throws Error naming the folder when the template is not Jinja
 */
export function openChatTemplate(
  folder: string,
  given: GivenTemplate,
  variables: Record<string, string>,
): ChatTemplate | null {
  const raw = readTemplate(folder, given);
  if (raw === null) return null;
  // Jinja2 reads every line ending as LF (its lexer's newline_sequence); the library keeps them
  const source = raw.replace(/\r\n?/g, '\n');
  let template: Template;
  try {
    template = new Template(source);
  } catch (cause) {
    throw new Error(`${folder}: the chat template cannot be read: ${messageOf(cause)}`, { cause });
  }
  return {
    source,
    render: (messages, { addGenerationPrompt }) => {
      try {
        return template.render({
          ...variables,
          // transformers always defines these two
          ...{ tools: null, documents: null },
          messages: messages.map(({ role, content }) => ({ role, content })),
          add_generation_prompt: addGenerationPrompt,
        });
      } catch (cause) {
        throw new ChatTemplateError(messageOf(cause), { cause });
      }
    },
  };
}

function readTemplate(folder: string, given: GivenTemplate): string | null {
  try {
    return readFileSync(join(folder, 'chat_template.jinja'), 'utf8');
  } catch {
    // optional file: older folders keep the template inside tokenizer_config.json
  }
  if (typeof given === 'string') return given;
  return given?.find((entry) => entry.name === 'default')?.template ?? given?.[0]?.template ?? null;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
