/** What every row parser answers: a row, or why there is none. Nothing is dropped without one of these reasons. */

export type Message = { role: 'system' | 'user' | 'assistant'; content: string };

export const REASON_CODES = [
  'line-too-long',
  'invalid-utf8',
  'malformed-json',
  'malformed-csv',
  'wrong-columns',
  'bad-transcript',
  'empty-prompt',
  'empty-answer',
  'identical-pair',
  'prompts-differ',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export type ParsedRow<Row> = { ok: true; row: Row } | { ok: false; reason: ReasonCode; detail: string };

/** One comparison: `chosen` was preferred to `rejected` as the answer to `prompt`. */
export type PreferenceRow = {
  prompt: Message[];
  chosen: string;
  rejected: string;
  /** wanted distance between the scores, 0 when the file does not say */
  margin: number;
};

/** A prompt, perhaps with answers that nobody has judged yet. */
export type PromptRow = { prompt: Message[]; responses: string[] };

/** A prompt with the answer to imitate. */
export type SftRow = { prompt: Message[]; completion: string };

/** Shortens a text for an error message: one line, at most `length` characters. */
export function excerpt(text: string, length = 60): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= length ? flat : `${flat.slice(0, length - 1)}…`;
}
