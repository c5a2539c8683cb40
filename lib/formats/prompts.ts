/**
 * Prompt lists. A line of text is one prompt; a row of columns is `prompt` (text or messages), `messages`, or `turns` (MT-Bench:
 * the first turn is the prompt, since the later ones need its answer; the list stays in the metadata). Answers that wait to be
 * judged come as `responses: [text, ...]` or `[{text, model, sampling}, ...]`, or in columns `response_1` to `response_9` or
 * `response_a`, `response_b`, each perhaps with its `response_1_model` (or `model_a`).
 */
import { isTranscript, parsePromptTranscript } from './hh-rlhf.ts';
import { isEmptyPrompt } from './messages.ts';
import type { JsonValue, Message, ParsedResponse, ParsedRow, PromptRow, ReasonCode } from './parsed-row.ts';
import { isNothing, isRecord, kindOf, MEANINGFUL_COLUMNS, readMessages } from './read-messages.ts';
import { asName, asSampling, type Columns, columnsOf, take, takeFacts, takeResponse } from './row-facts.ts';

export const MAX_RESPONSES = 9;
const EXPECTED = 'expected prompt, messages or turns, and perhaps responses or response_1, response_2, ...';

type Refusal = { ok: false; reason: ReasonCode; detail: string };

/** Reads one line of text, or one parsed JSON value or record, of a prompt list. */
export function parsePromptRow(value: unknown): ParsedRow<PromptRow> {
  if (typeof value === 'string') {
    return finish([{ role: 'user', content: value.trim() }], [], new Map());
  }
  if (!isRecord(value))
    return refuse('wrong-columns', `the row is ${kindOf(value as JsonValue)}; ${EXPECTED}`);
  const columns = columnsOf(value);
  const blocked = MEANINGFUL_COLUMNS.find((name) => !isNothing(columns.get(name)));
  if (blocked !== undefined) {
    return refuse('unsupported-message', `the row carries "${blocked}", which cannot be kept with a prompt`);
  }
  const prompt = takePrompt(value, columns);
  if (!Array.isArray(prompt)) return prompt;
  const responses = takeResponses(columns);
  return Array.isArray(responses) ? finish(prompt, responses, columns) : responses;
}

function finish(prompt: Message[], responses: ParsedResponse[], columns: Columns): ParsedRow<PromptRow> {
  if (isEmptyPrompt(prompt)) return refuse('empty-prompt', 'the prompt is empty');
  const blank = responses.findIndex((response) => response.text.trim() === '');
  if (blank >= 0) return refuse('empty-answer', `response ${blank + 1} is empty`);
  if (new Set(responses.map((response) => response.text.trim())).size < responses.length) {
    return refuse('identical-pair', 'two of the responses are the same text');
  }
  return { ok: true, row: { prompt, responses, ...takeFacts(columns) } };
}

function takePrompt(row: Record<string, JsonValue>, columns: Columns): Message[] | Refusal {
  const name = ['prompt', 'messages', 'turns'].find((column) => (row[column] ?? null) !== null);
  if (name === undefined) {
    const found = Object.keys(row).slice(0, 20).join(', ');
    return refuse('wrong-columns', `the columns are: ${found}; ${EXPECTED}`);
  }
  const given = row[name] as JsonValue;
  if (name === 'turns') {
    const [first, ...later] = Array.isArray(given) ? given : [];
    if (typeof first !== 'string') {
      return refuse('wrong-columns', `"turns" is ${kindOf(given)}; expected a list of texts`);
    }
    if (later.length === 0) columns.delete('turns');
    return [{ role: 'user', content: first }];
  }
  columns.delete(name);
  if (name === 'prompt' && typeof given === 'string') {
    const turns = isTranscript(given) ? parsePromptTranscript(given) : null;
    return turns ?? [{ role: 'user', content: given }];
  }
  if (!Array.isArray(given)) {
    const expected = name === 'prompt' ? 'text or a list of {role, content}' : 'a list of {role, content}';
    return refuse('wrong-columns', `"${name}" is ${kindOf(given)}; expected ${expected}`);
  }
  const read = readMessages(given, name);
  if (!read.ok) return read;
  for (const [place, extra] of Object.entries(read.extras)) columns.set(place, extra);
  return read.messages;
}

function takeResponses(columns: Columns): ParsedResponse[] | Refusal {
  const listed = columns.get('responses');
  columns.delete('responses');
  const responses = listed === undefined ? [] : readList(listed, columns);
  if (!Array.isArray(responses)) return responses;
  const names = [...columns.keys()]
    .map((column) => /^response_(\d{1,4}|[a-z])$/.exec(column)?.[1])
    .filter((name) => name !== undefined)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  for (const name of names) {
    const text = columns.get(`response_${name}`);
    if (typeof text !== 'string') {
      return refuse('wrong-columns', `"response_${name}" is ${kindOf(text)}; expected text`);
    }
    columns.delete(`response_${name}`);
    const named = takeResponse(columns, text, `response_${name}`);
    const short = takeResponse(columns, text, name);
    responses.push({
      text,
      model: named.model ?? short.model,
      sampling: named.sampling ?? short.sampling,
    });
  }
  if (responses.length > MAX_RESPONSES) {
    return refuse('wrong-columns', `${responses.length} responses; expected at most ${MAX_RESPONSES}`);
  }
  return responses;
}

function readList(value: JsonValue, columns: Columns): ParsedResponse[] | Refusal {
  if (!Array.isArray(value)) {
    return refuse('wrong-columns', `"responses" is ${kindOf(value)}; expected a list of texts`);
  }
  const responses: ParsedResponse[] = [];
  for (const [i, entry] of value.entries()) {
    const response = readResponse(entry, (key, other) => columns.set(`responses[${i}].${key}`, other));
    if (response === null) {
      return refuse(
        'wrong-columns',
        `responses[${i}] is ${kindOf(entry)}; expected text or {text, model?, sampling?}`,
      );
    }
    responses.push(response);
  }
  return responses;
}

/** Keys of a response that mean nothing here are handed to `keep`. */
function readResponse(
  value: JsonValue,
  keep: (key: string, other: JsonValue) => void,
): ParsedResponse | null {
  if (typeof value === 'string') return { text: value, model: null, sampling: null };
  if (!isRecord(value)) return null;
  const columns = columnsOf(value);
  const name = ['text', 'content', 'response'].find((key) => typeof value[key] === 'string');
  if (name === undefined) return null;
  columns.delete(name);
  const response = {
    text: value[name] as string,
    model: take(columns, ['model', 'model_name'], asName),
    sampling: take(columns, ['sampling', 'sampling_params', 'params'], asSampling),
  };
  for (const [key, other] of columns) keep(key, other);
  return response;
}

function refuse(reason: ReasonCode, detail: string): Refusal {
  return { ok: false, reason, detail };
}
