import type { Readable } from 'node:stream';
import { type ImportRow, importFormats } from '../../lib/formats/import-formats.ts';
import type { ReasonCode } from '../../lib/formats/parsed-row.ts';
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
  { format, fileName }: { format: ImportFormat; fileName: string },
): AsyncGenerator<ImportedRow> {
  const { forms, parse } = importFormats[format];
  for await (const entry of readRows(source, { fileName, expected: forms })) {
    const { number: lineNumber, raw } = entry;
    if ('value' in entry) {
      const parsed = parse(entry.value);
      yield parsed.ok ? { lineNumber, ...parsed } : { lineNumber, ...parsed, raw };
    } else {
      const { reason, detail, isEnd } = entry;
      yield { lineNumber, ok: false, reason, detail, raw, ...(isEnd && { isEnd }) };
    }
  }
}
