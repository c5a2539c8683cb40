/**
 * A pair or a single answer as texts from which the same messages come back. Where the text alone could be read as something
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
export type ExplicitAnswer = { prompt: string; completion: string; prompt_messages?: string };
type Refusal = { ok: false; reason: ReasonCode; detail: string };

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

/** A single answer with its prompt in a column of its own. */
export function writeAnswer(
  { prompt: messages, completion }: { prompt: readonly Message[]; completion: string },
  isExact: boolean,
): ExplicitAnswer {
  const { prompt, separator } = standardPrompt(messages);
  const texts = { prompt, completion: `${separator}${completion}` };
  return { ...texts, ...(isExact && { prompt_messages: JSON.stringify(messages) }) };
}

/**
 * Reads a row that was written with its messages: `texts` are its answers, `prompt` null where they are whole transcripts.
 * Refused when the column holds no messages, or when the texts are not what these messages give (somebody changed one and
 * not the other).
 */
export function readExact<Name extends string>(
  prompt_messages: string,
  prompt: unknown,
  texts: Record<Name, unknown>,
): { prompt: Message[]; texts: Record<Name, string> } | Refusal {
  const messages = messagesIn(prompt_messages);
  if (messages === null) {
    const detail = '"prompt_messages" is not the JSON text of a list of {role, content}';
    return { ok: false, reason: 'wrong-columns', detail };
  }
  const standard = standardPrompt(messages);
  const before = prompt === null ? `${transcriptOf(messages)} ` : standard.separator;
  const isWhole = (text: unknown): text is string => typeof text === 'string' && text.startsWith(before);
  const entries = Object.entries(texts).map(([name, text]) => [name, isWhole(text) ? text : null] as const);
  if ((prompt === null || prompt === standard.prompt) && entries.every(([, text]) => text !== null)) {
    const read = entries.map(([name, text]) => [name, text?.slice(before.length)]);
    return { prompt: messages, texts: Object.fromEntries(read) as Record<Name, string> };
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
