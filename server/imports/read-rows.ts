import type { Readable } from 'node:stream';
import type { ImportFormat } from '../../db/schema/imports.ts';
import { parseCsvRow } from '../../lib/formats/csv.ts';
import { parseHhRlhfRow } from '../../lib/formats/hh-rlhf.ts';
import { parseJsonLine } from '../../lib/formats/parse-json-line.ts';
import type { ParsedRow, PreferenceRow, PromptRow, ReasonCode } from '../../lib/formats/parsed-row.ts';
import { parsePromptRow } from '../../lib/formats/prompts.ts';
import { parseTrlRow } from '../../lib/formats/trl.ts';
import { readCsv } from '../../lib/read-csv.ts';
import { readLines } from '../../lib/read-lines.ts';

type ImportRow = ({ kind: 'preference' } & PreferenceRow) | ({ kind: 'prompt' } & PromptRow);

export type ReadRow = { lineNumber: number } & (
  | { ok: true; row: ImportRow }
  | { ok: false; reason: ReasonCode; detail: string; raw: string }
);

/**
 * Every row of a file in one of the import formats, as a row or as the reason why it is none. Bounded memory: a row is
 * held, never the file. Throws when the file as a whole cannot be read (damaged gzip, CSV that is not UTF-8).
 */
export async function* readRows(
  source: string | Readable,
  { format, fileName }: { format: ImportFormat; fileName: string },
): AsyncGenerator<ReadRow> {
  if (format === 'csv') {
    for await (const entry of readCsv(source)) {
      if ('record' in entry)
        yield judge(entry.number, parseCsvRow(entry.record), JSON.stringify(entry.record));
      else yield { lineNumber: entry.number, ok: false, ...refusal(entry) };
    }
    return;
  }
  // a list of prompts is text unless its name or the line says JSON
  const isJsonFile = format !== 'prompts' || /\.jsonl?(\.gz)?$/i.test(fileName);
  for await (const entry of readLines(source)) {
    if ('reason' in entry) {
      yield { lineNumber: entry.number, ok: false, ...refusal(entry) };
      continue;
    }
    const isJson = isJsonFile || entry.line.trimStart().startsWith('{');
    const value = isJson ? parseJsonLine(entry.line) : { ok: true as const, value: entry.line };
    const parsed = value.ok ? PARSERS[format](value.value) : value;
    yield judge(entry.number, parsed, entry.line);
  }
}

const PARSERS: Record<Exclude<ImportFormat, 'csv'>, (value: unknown) => ParsedRow<ImportRow>> = {
  'hh-rlhf': (value) => asKind('preference', parseHhRlhfRow(value)),
  'trl-preference': (value) => asKind('preference', parseTrlRow(value)),
  prompts: (value) => asKind('prompt', parsePromptRow(value)),
};

function asKind<K extends ImportRow['kind'], Row>(
  kind: K,
  parsed: ParsedRow<Row>,
): ParsedRow<{ kind: K } & Row> {
  return parsed.ok ? { ok: true, row: { kind, ...parsed.row } } : parsed;
}

function judge(lineNumber: number, parsed: ParsedRow<ImportRow>, raw: string): ReadRow {
  return parsed.ok ? { lineNumber, ...parsed } : { lineNumber, ...parsed, raw };
}

function refusal(entry: { reason: ReasonCode; detail: string; head: string }) {
  return { reason: entry.reason, detail: entry.detail, raw: entry.head };
}
