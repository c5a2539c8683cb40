/**
 * Answers with a label each, as TRL writes them ("unpaired preference" in trl docs/source/dataset_formats.md):
 * `{"prompt", "completion", "label"}`, true where the answer is desirable. Prompt and completion come in every shape that rows
 * to imitate have (sft.ts); a table spells the label.
 */
import { readExact } from './exact-pair.ts';
import { isEmptyPrompt } from './messages.ts';
import type { JsonValue, ParsedRow, ReasonCode, SftRow, UnpairedRow } from './parsed-row.ts';
import { isRecord, kindOf } from './read-messages.ts';
import { columnsOf, takeFacts, takeJudge, takeResponse } from './row-facts.ts';
import { parseSftRow } from './sft.ts';

const EXPECTED = 'expected {"prompt", "completion", "label": true or false}';
/** Columns of texts in any of the shapes; what else there is comes with the row. */
const TEXTS = ['prompt', 'prompt_messages', 'completion', 'messages', 'instruction', 'input', 'output'];
const LABELS: Record<string, boolean> = {
  true: true,
  1: true,
  yes: true,
  good: true,
  desirable: true,
  false: false,
  0: false,
  '-1': false,
  no: false,
  bad: false,
  undesirable: false,
};

type Refusal = { ok: false; reason: ReasonCode; detail: string };

/** Reads one parsed JSON value, or one record of a table, of a file of labelled answers. */
export function parseUnpairedRow(value: unknown): ParsedRow<UnpairedRow> {
  if (!isRecord(value)) {
    return refuse('wrong-columns', `the row is ${kindOf(value as JsonValue)}; ${EXPECTED}`);
  }
  const { label } = value;
  if (label === undefined || label === null) {
    const found = Object.keys(value).slice(0, 20).join(', ');
    return refuse('wrong-columns', `there is no "label"; the columns are: ${found}; ${EXPECTED}`);
  }
  const isDesirable = readLabel(label);
  if (isDesirable === null) {
    return refuse('wrong-columns', `"label" is ${JSON.stringify(label).slice(0, 40)}; ${EXPECTED}`);
  }
  const parsed = parseTexts(value);
  if (!parsed.ok) return parsed;
  const columns = columnsOf(value);
  for (const name of [...TEXTS, 'label']) columns.delete(name);
  const { text, ...author } = takeResponse(columns, parsed.row.completion, 'completion');
  const said = { isDesirable, ...takeJudge(columns) };
  const { prompt } = parsed.row;
  return { ok: true, row: { prompt, completion: text, ...author, ...said, ...takeFacts(columns) } };
}

/** True or false as a table or a language model's log spells it; null for anything else. */
function readLabel(value: JsonValue): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const word = String(value).trim().toLowerCase();
  return LABELS[word.replace(/\.0$/, '')] ?? null;
}

function parseTexts(value: Record<string, JsonValue>): ParsedRow<SftRow> {
  const { prompt_messages: written, prompt, completion } = value;
  if (typeof written !== 'string' || written === '') return parseSftRow(value);
  const read = readExact(written, prompt, { completion });
  if ('ok' in read) return read;
  if (isEmptyPrompt(read.prompt)) return refuse('empty-prompt', 'the prompt is empty');
  if (read.texts.completion.trim() === '') return refuse('empty-answer', 'the answer is empty');
  return { ok: true, row: { prompt: read.prompt, completion: read.texts.completion } };
}

function refuse(reason: ReasonCode, detail: string): Refusal {
  return { ok: false, reason, detail };
}
