/** Records of a table (RFC 4180 and its tab and semicolon kin, header row first), read line by line. */
import { CsvError, parse } from 'csv-parse/sync';
import { cutText } from '../cut-text.ts';
import type { ReasonCode } from '../formats/parsed-row.ts';
import type { ReadLine } from '../read-lines.ts';
import { findDelimiter } from './find-form.ts';
import { UnreadableFile } from './unreadable-file.ts';

export type TableRow = { number: number; raw: string } & (
  | { record: Record<string, string> }
  | { reason: ReasonCode; detail: string; isEnd?: true }
);

/** A record that goes on over lines, because a quoted field of it is open. */
type Open = {
  number: number;
  lines: string[];
  size: number;
  refused: { reason: ReasonCode; detail: string } | null;
};

const HEAD_LENGTH = 4096;
const MAX_COLUMNS = 1000;

/**
 * Yields records with the number of the line each begins on. LF, CRLF and CR each end a record, whatever ended the one
 * before. A record with a stray quote or the wrong number of fields is refused alone, and reading goes on with the next
 * line; a quote that nothing closes is said at last (`isEnd`), since the lines behind it belong to nobody knows which field.
 * Throws UnreadableFile when the header cannot name the columns.
 * @param lines as readLines gives them with `asIs`
 */
export async function* readTable(
  lines: AsyncIterable<ReadLine>,
  { maxRowBytes }: { maxRowBytes: number },
): AsyncGenerator<TableRow> {
  let table: { delimiter: string; columns: string[] } | null = null;
  let open: Open | null = null;

  for await (const line of lines) {
    if ('reason' in line) {
      if (table === null) throw new UnreadableFile(`the header: ${line.detail}`);
      open ??= { number: line.number, lines: [line.head], size: 0, refused: null };
      open.refused ??= { reason: line.reason, detail: line.detail };
      // the line closes the quote that was open, or it holds none that is
      const isClosed = open.number === line.number ? !line.isQuoteOdd : line.isQuoteOdd;
      if (!isClosed) continue;
      yield refusal(open, open.refused);
      open = null;
      continue;
    }
    const { number } = line;
    // files that were put together have byte order marks in their middle
    const text: string = open === null ? line.line.replace(/^\ufeff+/, '') : line.line;
    if (open === null && text.trim() === '') continue;
    open ??= { number, lines: [], size: 0, refused: null };
    open.lines.push(text);
    open.size += text.length + 1;
    if (open.size > maxRowBytes) {
      yield refusal(open, endless(open, `does not end within ${maxRowBytes} bytes`));
      return;
    }
    const isMiddle = open.lines.length > 1 && !text.includes('"');
    if (isMiddle) continue;
    if (open.refused !== null) {
      if (text.split('"').length % 2 === 1) continue;
      yield refusal(open, open.refused);
      open = null;
      continue;
    }
    const whole = open.lines.join('\n');
    const delimiter: string = table?.delimiter ?? findDelimiter(whole);
    const records = parseRecords(whole, delimiter);
    if (records === 'open') continue;
    if (!Array.isArray(records)) {
      if (table === null) throw new UnreadableFile(`the header, line ${number}: ${records.detail}`);
      yield refusal(open, records);
      open = null;
      continue;
    }
    for (const fields of records) {
      if (table === null) table = { delimiter, columns: nameColumns(fields) };
      else yield { number: open.number, raw: whole, ...toRecord(fields, table.columns) };
    }
    open = null;
  }
  if (open !== null) {
    if (table === null) throw new UnreadableFile('the header opens a quote that nothing closes');
    yield refusal(open, open.refused ?? endless(open, 'is never closed'));
  }
}

/** The records of a text; 'open' when a quoted field of the last one is not closed yet; why there are none. */
function parseRecords(
  text: string,
  delimiter: string,
): string[][] | 'open' | { reason: ReasonCode; detail: string } {
  try {
    return parse(text, {
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code === 'CSV_QUOTE_NOT_CLOSED') return 'open';
    const detail =
      'a quote stands inside a field; a field with quotes is quoted, and each quote in it is doubled ("")';
    return { reason: 'malformed-csv', detail };
  }
}

function nameColumns(header: string[]): string[] {
  if (header.length > MAX_COLUMNS) {
    throw new UnreadableFile(`the header names ${header.length} columns; expected at most ${MAX_COLUMNS}`);
  }
  // pandas writes its index without a name
  const names = header.map((name, i) => name.trim() || `column ${i + 1}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new UnreadableFile(
    `two columns are called "${twice}"; the columns are: ${names.slice(0, 20).join(', ')}; expected each name once`,
  );
}

function toRecord(
  fields: string[],
  columns: string[],
): { record: Record<string, string> } | { reason: ReasonCode; detail: string } {
  if (fields.length === columns.length) {
    return { record: Object.fromEntries(columns.map((name, i) => [name, fields[i] ?? ''])) };
  }
  const detail = `the record has ${fields.length} fields, the header names ${columns.length} columns`;
  return { reason: 'malformed-csv', detail };
}

function endless(open: Open, problem: string): { reason: ReasonCode; detail: string; isEnd: true } {
  const detail = `a quote opened on line ${open.number} ${problem}: that line and all behind it cannot be read`;
  return { reason: 'unreadable-rest', detail, isEnd: true };
}

function refusal(
  open: Open,
  { reason, detail, isEnd }: { reason: ReasonCode; detail: string; isEnd?: true },
): TableRow {
  const raw = cutText(open.lines.join('\n'), HEAD_LENGTH);
  const num = open.lines.length;
  const over = num > 1 && !isEnd ? `lines ${open.number} to ${open.number + num - 1}: ` : '';
  return { number: open.number, raw, reason, detail: `${over}${detail}`, ...(isEnd && { isEnd }) };
}
