/** The texts of JSON values one after another, from a list or standing free, without holding the file. */
import type { ReasonCode } from '../formats/parsed-row.ts';

export type JsonText = { number: number } & (
  | { text: string }
  | { reason: ReasonCode; detail: string; raw: string; isEnd?: true }
);

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [0x22, 0x5c, 0x2c, 0x0a];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const HEAD_BYTES = 200;
const isBlank = (byte: number) => byte === 0x20 || byte === 0x09 || byte === NEWLINE || byte === 0x0d;

/**
 * Yields the text of each value with the line it begins on. Only strings and brackets are understood here: whether a text
 * is JSON is for JSON.parse to say, so that one faulty value is refused alone. A value over the limit is refused without
 * being kept; a list that is never closed, or goes on behind its end, is said at last (`isEnd`).
 */
export async function* splitJson(
  bytes: AsyncIterable<Buffer>,
  { isList, maxRowBytes }: { isList: boolean; maxRowBytes: number },
): AsyncGenerator<JsonText> {
  let line = 1;
  let place: 'before' | 'inside' | 'after' = isList ? 'before' : 'inside';
  let value: { number: number; depth: number; pieces: Buffer[]; size: number } | null = null;
  let isEscaped = false;
  let isInString = false;

  const keep = (piece: Buffer) => {
    if (value === null) return;
    if (value.size <= maxRowBytes) value.pieces.push(Buffer.from(piece));
    value.size += piece.length;
    if (value.size > maxRowBytes && value.pieces.length > 0) {
      value.pieces = [Buffer.from(Buffer.concat(value.pieces).subarray(0, HEAD_BYTES))];
    }
  };
  const finish = (): JsonText => {
    const { number, size, pieces } = value as NonNullable<typeof value>;
    value = null;
    const whole = Buffer.concat(pieces);
    const raw = whole.subarray(0, HEAD_BYTES).toString('utf8');
    if (size > maxRowBytes) {
      const detail = `the row has ${size} bytes, the limit is ${maxRowBytes}`;
      return { number, reason: 'line-too-long', detail, raw };
    }
    try {
      return { number, text: new TextDecoder('utf-8', { fatal: true }).decode(whole) };
    } catch {
      return { number, reason: 'invalid-utf8', detail: 'the row is not valid UTF-8', raw };
    }
  };

  for await (const chunk of bytes) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === NEWLINE) line++;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) {
          isInString = false;
          if (value?.depth === 0) {
            keep(chunk.subarray(from, at + 1));
            yield finish();
          }
        }
        continue;
      }
      if (value === null) {
        if (isBlank(byte)) continue;
        if (place === 'before') {
          place = 'inside'; // the form was found by its first sign
          continue;
        }
        if (place === 'after') {
          const raw = chunk.subarray(at, at + HEAD_BYTES).toString('utf8');
          yield { number: line, ...rest('there is more text behind the end of the JSON list'), raw };
          return;
        }
        if (isList && byte === LIST_END) place = 'after';
        if (isList && (byte === LIST_END || byte === COMMA)) continue;
        value = { number: line, depth: 0, pieces: [], size: 0 };
        from = at;
      }
      if (byte === QUOTE) isInString = true;
      else if (byte === LIST || byte === OBJECT) value.depth++;
      else if ((byte === LIST_END || byte === OBJECT_END) && value.depth > 0) {
        value.depth--;
        if (value.depth === 0) {
          keep(chunk.subarray(from, at + 1));
          yield finish();
        }
      } else if (value.depth === 0 && (isBlank(byte) || (isList && (byte === COMMA || byte === LIST_END)))) {
        keep(chunk.subarray(from, at));
        yield finish();
        if (byte === LIST_END) place = 'after';
      }
    }
    if (value !== null) keep(chunk.subarray(from));
  }
  if (value !== null && value.depth === 0 && !isInString && !isList) yield finish();
  else if (value !== null) {
    const { number, pieces } = value;
    const raw = Buffer.concat(pieces).subarray(0, HEAD_BYTES).toString('utf8');
    yield { number, ...rest('the file ends inside the JSON value that begins here: it was cut off'), raw };
  } else if (place === 'inside' && isList) {
    yield { number: line, ...rest('the JSON list is not closed: the file was cut off'), raw: '' };
  }
}

function rest(detail: string): { reason: ReasonCode; detail: string; isEnd: true } {
  return { reason: 'unreadable-rest', detail, isEnd: true };
}
