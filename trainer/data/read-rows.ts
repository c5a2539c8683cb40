/** Rows of a data file as plain values, whatever its form: JSON lines, a JSON array, CSV or text lines; gz transparently. */
import { open } from 'node:fs/promises';
import { parseJsonLine } from '../../lib/formats/parse-json-line.ts';
import type { ReasonCode } from '../../lib/formats/parsed-row.ts';
import { readCsv } from '../../lib/read-csv.ts';
import { readLines, unpack } from '../../lib/read-lines.ts';

export type RawRow = { number: number } & ({ value: unknown } | { reason: ReasonCode; detail: string });

export type FileForm = 'csv' | 'json' | 'jsonl' | 'txt';

const LARGEST_JSON_ARRAY_BYTES = 64 * 2 ** 20;

/** The form of a file by its name: .csv, .json, .txt, and JSON lines for the rest; a last .gz does not count. */
export function formOf(file: string): FileForm {
  const extension = /\.(csv|json|txt)(\.gz)?$/i.exec(file)?.[1]?.toLowerCase();
  return (extension as FileForm | undefined) ?? 'jsonl';
}

/** Yields every row with its line number (its place for a JSON array). Throws when the file cannot be read. */
export async function* readRows(file: string): AsyncGenerator<RawRow> {
  const form = formOf(file);
  if (form === 'csv') {
    for await (const row of readCsv(file))
      yield 'record' in row ? { number: row.number, value: row.record } : row;
    return;
  }
  if (form === 'json' && (await firstCharacter(file)) === '[') {
    yield* readArray(file);
    return;
  }
  for await (const row of readLines(file)) {
    if (!('line' in row)) yield row;
    else if (form === 'txt') yield { number: row.number, value: row.line };
    else yield { number: row.number, ...withoutOk(parseJsonLine(row.line)) };
  }
}

function withoutOk(parsed: ReturnType<typeof parseJsonLine>) {
  return parsed.ok ? { value: parsed.value } : { reason: parsed.reason, detail: parsed.detail };
}

async function firstCharacter(file: string): Promise<string> {
  const handle = await open(file);
  await handle.close(); // a clear ENOENT before anything else
  for await (const chunk of unpack(file)) return chunk.toString('utf8').trimStart().charAt(0);
  return '';
}

async function* readArray(file: string): AsyncGenerator<RawRow> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of unpack(file)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_JSON_ARRAY_BYTES) {
      throw new Error(
        `${file}: a JSON array over ${LARGEST_JSON_ARRAY_BYTES} bytes; use JSON lines (.jsonl) instead`,
      );
    }
  }
  const parsed = parseJsonLine(Buffer.concat(chunks).toString('utf8'));
  if (!parsed.ok) throw new Error(`${file}: ${parsed.detail}`);
  let number = 0;
  for (const value of parsed.value as unknown[]) yield { number: ++number, value };
}
