import type { Message } from '../data/types.ts';
import { ChatTemplateError } from './chat-template.ts';
import type { Tokenizer } from './load-tokenizer.ts';

/** Where a row came from and why the chat template refuses it. */
export type Refusal = { at: string; reason: string };

/**
 * Ids of a prompt, the assistant's turn opened; null, and the reason in `refused`, where the chat template refuses the
 * conversation (one with a system message, or with two turns of one speaker): one row must not end a run.
 */
export function encodePrompt(
  tokenizer: Pick<Tokenizer, 'encodeChat'>,
  { prompt, ...row }: { prompt: readonly Message[]; id?: string; at?: string },
  refused: Refusal[],
): number[] | null {
  try {
    return tokenizer.encodeChat(prompt, { addGenerationPrompt: true });
  } catch (error) {
    if (!(error instanceof ChatTemplateError)) throw error;
    refused.push({ at: row.at ?? `row ${row.id ?? '?'}`, reason: error.message });
    return null;
  }
}

/** The first of them in words, with the number of all: `1 of 40 rows are refused by the chat template ...`; null for none. */
export function refusalNotice(refused: readonly Refusal[], total: number): string | null {
  const [first] = refused;
  if (!first) return null;
  return `${refused.length} of ${total} rows are refused by the chat template and left out; the first: ${first.at}: ${first.reason}`;
}
