import type { Readable } from 'node:stream';
import { type ImportRow, importFormats } from '../../lib/formats/import-formats.ts';
import type { ReasonCode } from '../../lib/formats/parsed-row.ts';
import { numberedVerdict } from '../../lib/formats/side-by-side.ts';
import { scaleOf, type VerdictScale } from '../../lib/formats/verdict.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import { readRows } from '../../lib/rows/read-rows.ts';

export type ImportedRow = { lineNumber: number } & (
  | { ok: true; row: ImportRow }
  | {
      ok: false;
      reason: ReasonCode;
      detail: string;
      raw: string;
      /** nothing behind this row could be read */
      isEnd?: true;
    }
);

/**
 * Every row of a file in one of the import formats, as a row or as the reason why it is none. Throws as the reader does when
 * the file as a whole cannot be read.
 */
export async function* readImportRows(
  source: string | Readable,
  {
    format,
    fileName,
    scale = null,
    maxTotalBytes,
  }: { format: ImportFormat; fileName: string; scale?: VerdictScale | null; maxTotalBytes?: number },
): AsyncGenerator<ImportedRow> {
  const { forms, parse } = importFormats[format];
  for await (const entry of readRows(source, {
    fileName,
    expected: forms,
    ...(maxTotalBytes && { maxTotalBytes }),
  })) {
    const { number: lineNumber, raw } = entry;
    if ('value' in entry) {
      const parsed = parse(entry.value, scale);
      yield parsed.ok ? { lineNumber, ...parsed } : { lineNumber, ...parsed, raw };
    } else {
      const { reason, detail, isEnd } = entry;
      yield { lineNumber, ok: false, reason, detail, raw, ...(isEnd && { isEnd }) };
    }
  }
}

/**
 * What the numbers of a file's verdicts mean, by all of them; null where it has none, or they do not tell. Reads the file once
 * more, and stops at the first row whose verdict is no such number. Throws as the reader does.
 */
export async function readVerdictScale(
  file: string,
  { format, fileName, maxTotalBytes }: { format: ImportFormat; fileName: string; maxTotalBytes: number },
): Promise<VerdictScale | null> {
  if (format !== 'side-by-side' && format !== 'csv') return null;
  const numbers = new Set<number>();
  const { forms: expected } = importFormats[format];
  for await (const entry of readRows(file, { fileName, expected, maxTotalBytes })) {
    if (!('value' in entry)) continue;
    const number = numberedVerdict(entry.value);
    if (number === null && numbers.size === 0) return null;
    if (number !== null) numbers.add(number);
  }
  return scaleOf(numbers);
}
