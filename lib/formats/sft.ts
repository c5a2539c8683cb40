/**
 * Rows to imitate: `{"prompt", "completion"}` (text or messages), `{"messages": [...]}` whose last message is the
 * assistant's (both from trl docs/source/dataset_formats.md), or Alpaca's `{"instruction", "input"?, "output"}`. A prompt that
 * is a transcript of turns ("\n\nHuman: ...\n\nAssistant:") is taken apart into them, as in preference rows.
 */
import { isTranscript, parsePromptTranscript } from './hh-rlhf.ts';
import { isEmptyPrompt, joinOnce } from './messages.ts';
import type { JsonValue, Message, ParsedRow, ReasonCode, SftRow } from './parsed-row.ts';
import { isNothing, isRecord, kindOf, MEANINGFUL_COLUMNS, readMessages } from './read-messages.ts';

const EXPECTED = 'expected {"prompt", "completion"}, {"messages"} or {"instruction", "input"?, "output"}';

type Refusal = { ok: false; reason: ReasonCode; detail: string };

/** Reads one parsed JSON value, or one record of a table, of a fine-tuning file. */
export function parseSftRow(value: unknown): ParsedRow<SftRow> {
  if (!isRecord(value))
    return refuse('wrong-columns', `the row is ${kindOf(value as JsonValue)}; ${EXPECTED}`);
  const blocked = MEANINGFUL_COLUMNS.find((name) => !isNothing(value[name]));
  if (blocked !== undefined) {
    return refuse('unsupported-message', `the row carries "${blocked}", which cannot be trained on`);
  }
  const { prompt, completion, messages, instruction, input, output } = value;
  if (isGiven(prompt) && isGiven(completion)) {
    const turns =
      typeof prompt === 'string' && isTranscript(prompt) && typeof completion === 'string'
        ? parsePromptTranscript(prompt)
        : null;
    // the blank behind "Assistant:" belongs to the spelling of a transcript
    if (turns !== null) return finish(turns, String(completion).replace(/^ /, ''));
    const before = readSide(prompt, 'prompt', 'user');
    if (!Array.isArray(before)) return before;
    const after = readSide(completion, 'completion', 'assistant');
    if (!Array.isArray(after)) return after;
    const whole = joinOnce(before, after);
    return whole === null
      ? refuse('prompts-differ', 'the system messages of "prompt" and "completion" are not the same')
      : lastAnswered(whole);
  }
  if (isGiven(messages)) {
    const read = readMessages(messages, 'messages');
    return read.ok ? lastAnswered(read.messages) : read;
  }
  if (typeof instruction === 'string' && typeof output === 'string') {
    const more = typeof input === 'string' ? input.trim() : '';
    const content = more === '' ? instruction : `${instruction}\n\n${more}`;
    return finish([{ role: 'user', content }], output);
  }
  const found = Object.keys(value).slice(0, 20).join(', ');
  return refuse('wrong-columns', `the columns are: ${found}; ${EXPECTED}`);
}

function isGiven(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null;
}

function readSide(value: JsonValue, name: string, role: Message['role']): Message[] | Refusal {
  if (typeof value === 'string') return [{ role, content: value }];
  const read = readMessages(value, name);
  return read.ok ? read.messages : read;
}

function lastAnswered(messages: Message[]): ParsedRow<SftRow> {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') {
    const detail = `the last message has the role ${last?.role}; expected assistant`;
    return refuse('bad-transcript', detail);
  }
  return finish(messages.slice(0, -1), last.content);
}

function finish(prompt: Message[], completion: string): ParsedRow<SftRow> {
  if (isEmptyPrompt(prompt)) return refuse('empty-prompt', 'the prompt is empty');
  if (completion.trim() === '') return refuse('empty-answer', 'the answer is empty');
  return { ok: true, row: { prompt, completion } };
}

function refuse(reason: ReasonCode, detail: string): Refusal {
  return { ok: false, reason, detail };
}
