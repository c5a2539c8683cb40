/**
 * CSV records (a header row names the columns). Judged pairs: `prompt, chosen, rejected[, margin]`. Prompts, perhaps with
 * answers that wait to be judged: `prompt[, response_1, response_2, ... response_9]`.
 */
import type { ParsedRow, PreferenceRow, PromptRow } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { parseTrlRow } from './trl.ts';

export type CsvRow = ({ kind: 'preference' } & PreferenceRow) | ({ kind: 'prompt' } & PromptRow);

/** Reads one record `{ column: text }`. */
export function parseCsvRow(value: unknown): ParsedRow<CsvRow> {
  if (!isTextRecord(value)) {
    return { ok: false, reason: 'wrong-columns', detail: 'expected one text per named column' };
  }
  const prompt = value.prompt;
  if (prompt === undefined) {
    const found = Object.keys(value).join(', ');
    return { ok: false, reason: 'wrong-columns', detail: `no column "prompt"; the columns are: ${found}` };
  }
  if (value.chosen !== undefined || value.rejected !== undefined) {
    const margin = value.margin === undefined || value.margin.trim() === '' ? 0 : Number(value.margin);
    if (!Number.isFinite(margin)) {
      return { ok: false, reason: 'wrong-columns', detail: `margin "${value.margin}" is not a number` };
    }
    const { chosen, rejected, prompt_messages } = value;
    const parsed = parseTrlRow({ prompt, chosen, rejected, margin, prompt_messages });
    return parsed.ok ? { ok: true, row: { kind: 'preference', ...parsed.row } } : parsed;
  }
  const responses = Object.keys(value)
    .filter((column) => /^response_[1-9]$/.test(column))
    .sort()
    .map((column) => value[column] ?? '')
    .filter((response) => response.trim() !== '');
  const parsed = parsePromptRow({ prompt, responses });
  return parsed.ok ? { ok: true, row: { kind: 'prompt', ...parsed.row } } : parsed;
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((field) => typeof field === 'string')
  );
}
