/** Records of a CSV file (RFC 4180, header row) with bounded memory; gzip is recognised by its first bytes. */
import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { unpack } from './read-lines.ts';

export type ReadRecord =
  | { number: number; record: Record<string, string> }
  | { number: number; reason: 'malformed-csv'; detail: string; head: string };

/**
 * Yields records with the number of the line each one ends on. A record with too many or too few fields is refused on
 * its own; an unclosed quote or a record over the limit ends the reading with one refusal, since nothing after it can be
 * trusted.
 * Throws when the source cannot be read or is not valid UTF-8.
 */
export async function* readCsv(
  source: string | Readable,
  { maxRecordBytes = 4 * 2 ** 20 }: { maxRecordBytes?: number } = {},
): AsyncGenerator<ReadRecord> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim()),
    info: true,
    max_record_size: maxRecordBytes,
    skip_empty_lines: true,
    relax_column_count: true, // a wrong count comes as info.error, in its place among the records
  });
  const input = Readable.from(validUtf8(unpack(source)));
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: Info & { error?: CsvError };
    }>) {
      if (info.error) yield refusal(info.error, record);
      else yield { number: info.lines, record };
    }
  } catch (error) {
    if (!isCsvError(error)) throw error;
    yield refusal(error, {});
  } finally {
    input.destroy();
  }
}

async function* validUtf8(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (cause instanceof TypeError) throw new Error('the CSV file is not valid UTF-8', { cause });
    throw cause;
  }
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
}

function refusal(error: CsvError, record: Record<string, string>): ReadRecord {
  const number = typeof error.lines === 'number' ? error.lines : 0;
  return {
    number,
    reason: 'malformed-csv',
    detail: error.message,
    head: Object.values(record).join(',').slice(0, 200),
  };
}
