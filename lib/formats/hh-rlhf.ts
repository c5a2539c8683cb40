/**
 * HH-RLHF rows: `{"chosen": "\n\nHuman: ...\n\nAssistant: ...", "rejected": "..."}`, two whole transcripts that should be
 * equal up to the last assistant turn. Source: anthropics/hh-rlhf README; the split at the last "\n\nAssistant:" is the
 * one of eric-mitchell/direct-preference-optimization preference_datasets.py.
 *
 * The one blank behind the colon of a turn belongs to the spelling; every other blank is kept, because indentation is part
 * of code. A blank losing answer is kept: raters of this data really saw blank replies and preferred the other one. A
 * blank winning answer is refused, because it would teach silence.
 */
import { cutPlace, excerpt } from '../cut-text.ts';
import type { JsonValue, Message, ParsedRow, PreferenceRow, ReasonCode } from './parsed-row.ts';
import { isRecord, kindOf } from './read-messages.ts';
import { columnsOf, takeFacts, takeResponse, takeVerdict } from './row-facts.ts';

/** The prompt and the two last answers of a pair of transcripts. */
export type TranscriptPair = { prompt: Message[]; chosen: string; rejected: string };
type Refusal = { ok: false; reason: ReasonCode; detail: string };

const ROLE_OF = { Human: 'user', Assistant: 'assistant' } as const;
const TURN = /(?:^|\n\n|\r\n\r\n)(Human|Assistant):/;

/** Reads one parsed JSON value of an HH-RLHF file. */
export function parseHhRlhfRow(value: unknown): ParsedRow<PreferenceRow> {
  if (!isRecord(value) || typeof value.chosen !== 'string' || typeof value.rejected !== 'string') {
    const found = isRecord(value) ? describeSides(value) : `the row is ${kindOf(value as JsonValue)}`;
    return refuse('wrong-columns', `expected text in "chosen" and in "rejected"; ${found}`);
  }
  const pair = parseTranscripts(value.chosen, value.rejected);
  if ('reason' in pair) return pair;
  const columns = columnsOf(value);
  columns.delete('chosen');
  columns.delete('rejected');
  const row = {
    prompt: pair.prompt,
    chosen: takeResponse(columns, pair.chosen, 'chosen'),
    rejected: takeResponse(columns, pair.rejected, 'rejected'),
    margin: 0,
    ...takeVerdict(columns),
  };
  return { ok: true, row: { ...row, ...takeFacts(columns) } };
}

/** True for a text that begins like a transcript of turns. */
export function isTranscript(text: string): boolean {
  return /^\s*(Human|System):/.test(text) && TURN.test(text.trimStart());
}

/** Reads a pair of transcripts into a prompt and two last answers. */
export function parseTranscripts(chosen: string, rejected: string): TranscriptPair | Refusal {
  for (const [side, text] of [
    ['chosen', chosen],
    ['rejected', rejected],
  ] as const) {
    const last = lastTurn(text);
    if (last === null) return refuse('bad-transcript', `no "\\n\\nAssistant:" turn in "${side}"`);
    if (last === 'Human') {
      return refuse('bad-transcript', `"${side}" ends with a Human turn; expected one of the Assistant`);
    }
  }
  if (chosen.trim() === rejected.trim()) {
    return refuse('identical-pair', 'chosen and rejected are the same transcript');
  }
  const better = splitLastTurn(chosen);
  const worse = splitLastTurn(rejected);
  if (better.before !== worse.before) {
    const place = excerpt(divergence(better.before, worse.before));
    return refuse('prompts-differ', `the transcripts already differ before the last answer, near "${place}"`);
  }
  if (better.answer.trim() === worse.answer.trim()) {
    return refuse('identical-pair', 'both answers are the same text');
  }
  const prompt = parseTurns(better.before);
  if (prompt === null) {
    return refuse('bad-transcript', 'the transcript does not begin with "\\n\\nHuman:"');
  }
  if (prompt.find((message) => message.role === 'user')?.content.trim() === '') {
    return refuse('empty-prompt', 'the first human turn is empty');
  }
  if (better.answer.trim() === '') return refuse('empty-answer', 'the chosen answer is empty');
  return { prompt, chosen: better.answer, rejected: worse.answer };
}

/** The turns of a transcript that waits for an answer, "...\n\nAssistant:" last; null when it is none. */
export function parsePromptTranscript(text: string): Message[] | null {
  const waiting = /(?:\n\n|\r\n\r\n)Assistant: ?$/.exec(text);
  return waiting === null ? null : parseTurns(text.slice(0, waiting.index));
}

function lastTurn(transcript: string): string | null {
  return transcript.split(TURN).at(-2) ?? null;
}

function splitLastTurn(transcript: string): { before: string; answer: string } {
  const parts = [...transcript.matchAll(/(?:\n\n|\r\n\r\n)Assistant:/g)];
  const last = parts.at(-1);
  const at = last?.index ?? 0;
  return {
    before: transcript.slice(0, at),
    answer: turnText(transcript.slice(at + (last?.[0].length ?? 0))),
  };
}

/** Turns as they stand: two assistant turns in a row stay two messages. A system turn may stand first, nowhere else. */
function parseTurns(transcript: string): Message[] | null {
  const system = /^\s*System:/.exec(transcript);
  const rest = system === null ? transcript : transcript.slice(system[0].length);
  const [first = '', ...parts] = rest.split(TURN);
  if (system === null && first.trim() !== '') return null;
  if (parts[0] !== 'Human') return null;
  const messages: Message[] = system === null ? [] : [{ role: 'system', content: turnText(first) }];
  for (let i = 0; i < parts.length; i += 2) {
    const name = parts[i] as 'Human' | 'Assistant';
    messages.push({ role: ROLE_OF[name], content: turnText(parts[i + 1] ?? '') });
  }
  return messages;
}

function turnText(text: string): string {
  return text.startsWith(' ') ? text.slice(1) : text;
}

function divergence(left: string, right: string): string {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  const around = (text: string) => text.slice(cutPlace(text, at - 10), cutPlace(text, at + 50));
  return around(left) || around(right);
}

function describeSides(row: Record<string, JsonValue>): string {
  const kinds = (['chosen', 'rejected'] as const).map((name) => `"${name}" is ${kindOf(row[name])}`);
  return `${kinds.join(', ')}; the columns are: ${Object.keys(row).slice(0, 20).join(', ')}`;
}

function refuse(reason: ReasonCode, detail: string): Refusal {
  return { ok: false, reason, detail };
}
