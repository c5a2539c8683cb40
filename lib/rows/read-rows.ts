/**
 * The one reader of rows, for page, worker, command line and trainer. Form and encoding are found first: JSON lines, a JSON
 * list, objects over several lines, CSV, TSV or plain text; UTF-8, or UTF-16 by its byte order mark; gzip by its first bytes.
 * What is none of these is refused once, by name. A row is held, never the file.
 */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { parseJsonLine } from '../formats/parse-json-line.ts';
import type { ReasonCode } from '../formats/parsed-row.ts';
import { readLines, unpack } from '../read-lines.ts';
import { findMalformedText } from '../well-formed.ts';
import { type FileForm, FORM_NAMES, findForm } from './find-form.ts';
import { findEncoding, nameKind, nameText } from './name-bytes.ts';
import { readTable } from './read-table.ts';
import type { RowForm } from './row-form.ts';
import { splitJson } from './split-json.ts';
import { toUtf8 } from './to-utf8.ts';
import { UnreadableFile } from './unreadable-file.ts';

export type RawRow = {
  /** line on which the row begins, from 1 */
  number: number;
  /** the row as it came, or its beginning */
  raw: string;
} & (
  | { value: unknown }
  | {
      reason: ReasonCode;
      detail: string;
      /** nothing behind this row can be read: whoever reads must not say that the file was read */
      isEnd?: true;
    }
);

export type ReadRowsOptions = {
  /** for the form, where what the file begins with leaves it open; no path is opened by it */
  fileName: string;
  /** forms that the rows may come in; another one is refused, once for the whole file */
  expected: readonly RowForm[];
  /** longest row in bytes (default 4 MiB) */
  maxRowBytes?: number;
  /** largest file in (unpacked) bytes (default 64 GiB) */
  maxTotalBytes?: number;
};

const HEAD_BYTES = 64 * 1024;
const EXPECTED_NAMES: Record<RowForm, string> = {
  json: 'JSON lines or a JSON list',
  table: 'a table (CSV or TSV)',
  text: 'lines of text',
};

/**
 * Yields every row as a value of texts that are well-formed, or as the reason why it is none. Values of lines are texts,
 * those of tables `{ column: text }`. Throws UnreadableFile when the file as a whole holds no rows of an expected form, is
 * damaged or larger than allowed; whatever the file system throws otherwise.
 */
export async function* readRows(
  source: string | Readable,
  options: ReadRowsOptions,
): AsyncGenerator<RawRow & { form: FileForm }> {
  const { maxRowBytes = 4 * 2 ** 20, maxTotalBytes = 64 * 2 ** 30 } = options;
  const input = typeof source === 'string' ? createReadStream(source, { highWaterMark: 256 * 1024 }) : source;
  try {
    const { head, bytes } = await peek(limited(unpacked(input), maxTotalBytes));
    const { encoding, form, hasOldEnds } = inspect(head, options);
    const decoded = toUtf8(bytes, encoding);
    const text = hasOldEnds ? withNewlines(decoded) : decoded;
    for await (const row of rowsOf(form, text, maxRowBytes)) yield { ...gate(row), form };
  } finally {
    input.destroy();
  }
}

function inspect(
  head: Buffer,
  { fileName, expected }: ReadRowsOptions,
): { encoding: 'utf-8' | 'utf-16le' | 'utf-16be'; form: FileForm; hasOldEnds: boolean } {
  const wanted = expected.map((form) => EXPECTED_NAMES[form]).join(', ');
  const refuse = (found: string) => {
    throw new UnreadableFile(`found ${found}; expected ${wanted}, in UTF-8 or UTF-16 with a byte order mark`);
  };
  const kind = nameKind(head);
  if (kind !== null) refuse(kind);
  const found = findEncoding(head);
  if ('unread' in found) return refuse(found.unread) as never;
  const { encoding } = found;
  let start: string;
  if (encoding === 'utf-8') {
    const named = nameText(head);
    if (named !== null) refuse(named);
    start = head.toString('utf8');
  } else {
    const even = head.subarray(0, head.length - (head.length % 2));
    start = (encoding === 'utf-16be' ? Buffer.from(even).swap16() : even).toString('utf16le');
  }
  let form = findForm(start.replace(/^\ufeff/, ''), fileName);
  // where only tables are read, a name that says nothing does not make it text
  if (
    form === 'text' &&
    !expected.includes('text') &&
    expected.includes('table') &&
    !expected.includes('json')
  ) {
    form = 'table';
  }
  const row: RowForm = form === 'table' || form === 'text' ? form : 'json';
  if (!expected.includes(row)) refuse(FORM_NAMES[form]);
  // lines that end with a carriage return alone; in a table each ends a record anyway
  const hasOldEnds = form !== 'table' && /\r[^\n]/.test(start) && !start.includes('\n');
  return { encoding, form, hasOldEnds };
}

async function* withNewlines(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) yield Buffer.from(chunk.map((byte) => (byte === 0x0d ? 0x0a : byte)));
}

async function* rowsOf(
  form: FileForm,
  bytes: AsyncIterable<Buffer>,
  maxRowBytes: number,
): AsyncGenerator<RawRow> {
  if (form === 'json' || form === 'json-values') {
    for await (const entry of splitJson(bytes, { isList: form === 'json', maxRowBytes })) {
      yield 'text' in entry ? parsed(entry.number, entry.text) : entry;
    }
    return;
  }
  const lines = readLines(Readable.from(bytes), { maxLineBytes: maxRowBytes, asIs: form === 'table' });
  if (form === 'table') {
    for await (const entry of readTable(lines, { maxRowBytes })) {
      yield 'record' in entry ? { number: entry.number, raw: entry.raw, value: entry.record } : entry;
    }
    return;
  }
  for await (const entry of lines) {
    if ('reason' in entry) {
      yield { number: entry.number, raw: entry.head, reason: entry.reason, detail: entry.detail };
    } else if (form === 'text') yield { number: entry.number, raw: entry.line, value: entry.line };
    else yield parsed(entry.number, entry.line);
  }
}

function parsed(number: number, text: string): RawRow {
  const json = parseJsonLine(text);
  if (json.ok) return { number, raw: text, value: json.value };
  return { number, raw: text, reason: json.reason, detail: json.detail };
}

/** No text gets in that would read back as another one. */
function gate(row: RawRow): RawRow {
  if (!('value' in row)) return row;
  const found = findMalformedText(row.value);
  if (found === null) return row;
  const { number, raw } = row;
  const place = found.place === '' ? 'the text' : found.place.slice(0, 200);
  return { number, raw, reason: 'malformed-text', detail: `${place} ${found.problem}` };
}

async function* unpacked(input: Readable): AsyncGenerator<Buffer> {
  try {
    yield* unpack(input);
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith('damaged gzip')) {
      throw new UnreadableFile(cause.message, { cause });
    }
    throw cause;
  }
}

async function* limited(bytes: AsyncIterable<Buffer>, maxTotalBytes: number): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.length;
    if (total > maxTotalBytes) {
      throw new UnreadableFile(
        `the file has more than ${maxTotalBytes} bytes (unpacked), which is the limit`,
      );
    }
    yield chunk;
  }
}

/** The beginning of a stream, and the whole of it still. */
async function peek(bytes: AsyncGenerator<Buffer>): Promise<{ head: Buffer; bytes: AsyncIterable<Buffer> }> {
  const first: Buffer[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const { value, done } = await bytes.next();
    if (done) break;
    first.push(value);
    size += value.length;
  }
  const begun = Buffer.concat(first);
  async function* whole() {
    if (begun.length > 0) yield begun;
    yield* bytes;
  }
  return { head: begun.subarray(0, HEAD_BYTES), bytes: whole() };
}
