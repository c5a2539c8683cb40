/**
 * Lines of a file or stream with bounded memory: gzip is recognised by its first bytes, a line longer than the limit is
 * refused without being kept, invalid UTF-8 is refused line by line. Blank lines are passed over (they keep their number).
 */
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { cutText } from './cut-text.ts';

export type ReadLine =
  | { number: number; byteOffset: number; line: string }
  | {
      number: number;
      byteOffset: number;
      reason: 'line-too-long' | 'invalid-utf8';
      detail: string;
      /** the beginning of the refused line, invalid bytes replaced, for the list of rejects */
      head: string;
      /** whether a table's quoted field is opened or closed by it: an odd number of double quotes */
      isQuoteOdd: boolean;
    };

export type ReadLinesOptions = {
  /** longest accepted line in bytes (default 4 MiB) */
  maxLineBytes?: number;
  /** stop with an error after this many (unpacked) bytes; default no limit */
  maxTotalBytes?: number;
  /** every line as it is, for tables: blank ones too, and with a carriage return at its end */
  asIs?: boolean;
};

const DECODER = new TextDecoder('utf-8', { fatal: true });
const DECODER_WITH_MARKS = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HEAD_BYTES = 200;
const NEWLINE = 0x0a;
const QUOTE = 0x22;

/**
 * Yields the lines of `source` (a path or a stream of bytes), number from 1, byteOffset in the unpacked text.
 * Throws when the source cannot be read, a gzip stream is damaged, or maxTotalBytes is passed.
 */
export async function* readLines(
  source: string | Readable,
  {
    maxLineBytes = 4 * 2 ** 20,
    maxTotalBytes = Number.POSITIVE_INFINITY,
    asIs = false,
  }: ReadLinesOptions = {},
): AsyncGenerator<ReadLine> {
  let number = 1;
  let lineStart = 0;
  let position = 0;
  let pieces: Buffer[] = [];
  let pieceBytes = 0; // bytes of the line so far, also those that were not kept
  let numQuotes = 0;

  const keep = (bytes: Buffer, isLast: boolean) => {
    // once the limit is passed only the head is needed: let the rest go. The last piece is decoded before its chunk is gone
    if (pieceBytes <= maxLineBytes) pieces.push(isLast ? bytes : Buffer.from(bytes));
    pieceBytes += bytes.length;
    if (asIs) for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) numQuotes++;
    if (pieceBytes > maxLineBytes && pieces.length > 0) {
      pieces = [Buffer.from(Buffer.concat(pieces).subarray(0, HEAD_BYTES))];
    }
  };
  const finish = (): ReadLine | null => {
    const isQuoteOdd = numQuotes % 2 === 1;
    const at = { number, byteOffset: lineStart, maxLineBytes, asIs, isQuoteOdd };
    const line = decodeLine(pieces, pieceBytes, at);
    pieces = [];
    pieceBytes = 0;
    numQuotes = 0;
    return line;
  };

  for await (const chunk of unpack(source)) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at), true);
      const line = finish();
      if (line !== null) yield line;
      from = at + 1;
      number++;
      lineStart = position + from;
    }
    if (from < chunk.length) keep(chunk.subarray(from), false);
    position += chunk.length;
    if (position > maxTotalBytes) {
      throw new Error(`more than ${maxTotalBytes} bytes of text (unpacked); stopped at line ${number}`);
    }
  }
  if (pieceBytes > 0) {
    const line = finish();
    if (line !== null) yield line;
  }
}

/** The bytes of a path or stream, unpacked when they begin like gzip. */
export async function* unpack(source: string | Readable): AsyncGenerator<Buffer> {
  const input = typeof source === 'string' ? createReadStream(source, { highWaterMark: 256 * 1024 }) : source;
  const iterator = (input as AsyncIterable<Buffer | string>)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await iterator.next();
    return done ? null : typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  };
  try {
    let first: Buffer = Buffer.alloc(0);
    while (first.length < 2) {
      const chunk = await next();
      if (chunk === null) break;
      first = Buffer.concat([first, chunk]);
    }
    async function* rest() {
      if (first.length > 0) yield first;
      for (let chunk = await next(); chunk !== null; chunk = await next()) yield chunk;
    }
    if (first[0] === 0x1f && first[1] === 0x8b) yield* gunzip(rest());
    else yield* rest();
  } finally {
    input.destroy();
  }
}

async function* gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // pipeline destroys gz with the source's error; both kinds of failure come out of the loop below
  const gz = pipeline(Readable.from(packed, { objectMode: false }), createGunzip(), () => {});
  try {
    for await (const chunk of gz) yield chunk as Buffer;
  } catch (cause) {
    const isZlib = cause instanceof Error && 'code' in cause && /^Z_/.test(String(cause.code));
    throw isZlib ? new Error(`damaged gzip data: ${cause.message}`, { cause }) : cause;
  }
}

function decodeLine(
  pieces: Buffer[],
  length: number,
  how: { number: number; byteOffset: number; maxLineBytes: number; asIs: boolean; isQuoteOdd: boolean },
): ReadLine | null {
  const { number, byteOffset, maxLineBytes, asIs, isQuoteOdd } = how;
  const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  const refused = (reason: 'line-too-long' | 'invalid-utf8', detail: string): ReadLine => {
    const head = cutText(bytes.subarray(0, HEAD_BYTES).toString('utf8'), HEAD_BYTES);
    return { number, byteOffset, reason, detail, head, isQuoteOdd };
  };
  if (length > maxLineBytes) {
    return refused('line-too-long', `the line has ${length} bytes, the limit is ${maxLineBytes}`);
  }
  try {
    // a byte-order mark before the first line is taken off, and before later ones where files were put together
    const line = (asIs && number !== 1 ? DECODER_WITH_MARKS : DECODER).decode(bytes);
    if (asIs) return { number, byteOffset, line };
    return line.trim() === '' ? null : { number, byteOffset, line: line.replace(/\r$/, '') };
  } catch {
    return refused('invalid-utf8', 'the line is not valid UTF-8');
  }
}
