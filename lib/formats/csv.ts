/**
 * Rows of a table (a header names the columns), told apart by their columns: judged pairs as `prompt, chosen, rejected
 * [, margin]`, everything else as prompts, perhaps with `response_1, response_2, ...` that wait to be judged.
 */
import type { JsonValue, ParsedRow, PreferenceRow, PromptRow } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { isRecord, kindOf } from './read-messages.ts';
import { parseTrlRow } from './trl.ts';

export type CsvRow = ({ kind: 'preference' } & PreferenceRow) | ({ kind: 'prompt' } & PromptRow);

/** Reads one record `{ column: text }`. */
export function parseCsvRow(value: unknown): ParsedRow<CsvRow> {
  if (!isRecord(value)) {
    const found = kindOf(value as JsonValue);
    return { ok: false, reason: 'wrong-columns', detail: `the row is ${found}; expected named columns` };
  }
  if (value.prompt === undefined && value.messages === undefined) {
    const found = Object.keys(value).slice(0, 20).join(', ');
    const detail = `no column "prompt"; the columns are: ${found}`;
    return { ok: false, reason: 'wrong-columns', detail };
  }
  if (value.chosen !== undefined || value.rejected !== undefined) {
    const parsed = parseTrlRow(value);
    return parsed.ok ? { ok: true, row: { kind: 'preference', ...parsed.row } } : parsed;
  }
  const parsed = parsePromptRow(value);
  return parsed.ok ? { ok: true, row: { kind: 'prompt', ...parsed.row } } : parsed;
}
