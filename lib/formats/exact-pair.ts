/**
 * A pair as two or three texts from which the same messages come back. Where the text alone could be read as something
 * else, a column `prompt_messages` (the messages as JSON text) goes with it, and a row that has it is read literally: no
 * searching for a common beginning, no taking apart of transcripts. The name is none that TRL looks at, and its type is
 * text in every row, so that readers which infer types from the first rows are not surprised.
 */
import { messagesSchema } from './messages.ts';
import type { Message, ReasonCode } from './parsed-row.ts';
import { transcriptOf } from './transcript.ts';

type Pair = { prompt: readonly Message[]; chosen: string; rejected: string };
export type ExplicitPair = { prompt: string; chosen: string; rejected: string; prompt_messages?: string };
export type ImplicitPair = { chosen: string; rejected: string; prompt_messages?: string };

/** One user message is its own text; anything else is a transcript, after which an answer begins with a space. */
export function standardPrompt(messages: readonly Message[]): { prompt: string; separator: '' | ' ' } {
  const [only, ...more] = messages;
  if (only?.role === 'user' && more.length === 0) return { prompt: only.content, separator: '' };
  return { prompt: transcriptOf(messages), separator: ' ' };
}

/** A pair with its prompt in a column of its own. */
export function writeExplicit({ prompt: messages, chosen, rejected }: Pair, isExact: boolean): ExplicitPair {
  const { prompt, separator } = standardPrompt(messages);
  return {
    prompt,
    chosen: `${separator}${chosen}`,
    rejected: `${separator}${rejected}`,
    ...(isExact && { prompt_messages: JSON.stringify(messages) }),
  };
}

/** A pair of whole transcripts. */
export function writeImplicit({ prompt: messages, chosen, rejected }: Pair, isExact: boolean): ImplicitPair {
  const before = transcriptOf(messages);
  return {
    chosen: `${before} ${chosen}`,
    rejected: `${before} ${rejected}`,
    ...(isExact && { prompt_messages: JSON.stringify(messages) }),
  };
}

/**
 * Reads a row that was written with its messages. Refused when the column holds no messages, or when the texts are not what
 * these messages give (somebody changed one and not the other).
 */
export function readExact(row: {
  prompt_messages: string;
  prompt?: unknown;
  chosen: unknown;
  rejected: unknown;
}):
  | { prompt: Message[]; chosen: string; rejected: string }
  | { ok: false; reason: ReasonCode; detail: string } {
  const messages = messagesIn(row.prompt_messages);
  if (messages === null) {
    const detail = '"prompt_messages" is not the JSON text of a list of {role, content}';
    return { ok: false, reason: 'wrong-columns', detail };
  }
  const { prompt = null, chosen, rejected } = row;
  const standard = standardPrompt(messages);
  const before = prompt === null ? `${transcriptOf(messages)} ` : standard.separator;
  const isWhole = (side: unknown): side is string => typeof side === 'string' && side.startsWith(before);
  if ((prompt === null || prompt === standard.prompt) && isWhole(chosen) && isWhole(rejected)) {
    return {
      prompt: messages,
      chosen: chosen.slice(before.length),
      rejected: rejected.slice(before.length),
    };
  }
  const detail =
    '"prompt_messages" and the texts beside it do not say the same; leave the column out to use the texts';
  return { ok: false, reason: 'prompts-differ', detail };
}

function messagesIn(text: string): Message[] | null {
  try {
    return messagesSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
