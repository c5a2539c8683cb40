/**
 * Rows of a table (a header names the columns), told apart by their columns: judged pairs as `prompt, chosen, rejected
 * [, margin]`, labelled answers, two answers with a verdict, ranked ones; everything else as prompts, perhaps with
 * `response_1, response_2, ...` that wait to be judged.
 */
import { asJudged, comparisonAsJudged, labelAsJudged } from './as-judged.ts';
import type { JsonValue, JudgedRow, ParsedRow, PromptRow } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { isRankedRow, parseRankedRow } from './ranked.ts';
import { isRecord, kindOf } from './read-messages.ts';
import { isSideBySideRow, parseSideBySideRow } from './side-by-side.ts';
import { parseTrlRow } from './trl.ts';
import { parseUnpairedRow } from './unpaired.ts';
import type { VerdictScale } from './verdict.ts';

export type CsvRow = ({ kind: 'judged' } & JudgedRow) | ({ kind: 'prompt' } & PromptRow);

/** Reads one record `{ column: text }`. */
export function parseCsvRow(value: unknown, scale: VerdictScale | null = null): ParsedRow<CsvRow> {
  if (!isRecord(value)) {
    const found = kindOf(value as JsonValue);
    return { ok: false, reason: 'wrong-columns', detail: `the row is ${found}; expected named columns` };
  }
  const isPair = value.chosen !== undefined || value.rejected !== undefined;
  if (!isPair && isSideBySideRow(value)) {
    return asJudged(parseSideBySideRow(value, scale), comparisonAsJudged);
  }
  if (value.prompt === undefined && value.messages === undefined) {
    const found = Object.keys(value).slice(0, 20).join(', ');
    const detail = `no column "prompt"; the columns are: ${found}`;
    return { ok: false, reason: 'wrong-columns', detail };
  }
  if (isPair) return asJudged(parseTrlRow(value), comparisonAsJudged);
  if (value.completion !== undefined && value.label !== undefined) {
    return asJudged(parseUnpairedRow(value), labelAsJudged);
  }
  if (isRankedRow(value)) return asJudged(parseRankedRow(value), (row) => row);
  const parsed = parsePromptRow(value);
  return parsed.ok ? { ok: true, row: { kind: 'prompt', ...parsed.row } } : parsed;
}
