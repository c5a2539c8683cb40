import type { Encoding } from './name-bytes.ts';

/**
 * Bytes in UTF-8 without a byte order mark. Half of a surrogate pair in UTF-16 becomes the three bytes that it would have,
 * which are no UTF-8: its line is refused like any other, instead of holding another text.
 */
export async function* toUtf8(bytes: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<Buffer> {
  if (encoding === 'utf-8') {
    let isFirst = true;
    for await (const chunk of bytes) {
      yield isFirst && chunk.subarray(0, 3).toString('hex') === 'efbbbf' ? chunk.subarray(3) : chunk;
      isFirst = false;
    }
    return;
  }
  let isFirst = true;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const all = Buffer.concat([rest, chunk]);
    let end = all.length - (all.length % 2);
    if (end >= 2 && isHighSurrogate(all, end - 2, encoding)) end -= 2;
    rest = Buffer.from(all.subarray(end));
    const units = encoding === 'utf-16be' ? Buffer.from(all.subarray(0, end)).swap16() : all.subarray(0, end);
    const text = units.toString('utf16le');
    yield encode(isFirst && text.startsWith('\ufeff') ? text.slice(1) : text);
    isFirst &&= end === 0;
  }
  // an odd byte, or the first half of a pair: what no UTF-8 has, so that its line is refused
  if (rest.length > 0) yield Buffer.from([0xff]);
}

function isHighSurrogate(bytes: Buffer, at: number, encoding: Encoding): boolean {
  const high = bytes[at + (encoding === 'utf-16le' ? 1 : 0)] ?? 0;
  return high >= 0xd8 && high <= 0xdb;
}

function encode(text: string): Buffer {
  const parts = text.split(/(\p{Surrogate})/u); // the u flag takes whole pairs for characters
  if (parts.length === 1) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    parts.map((part, i) => {
      if (i % 2 === 0) return Buffer.from(part, 'utf8');
      const unit = part.charCodeAt(0);
      return Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
    }),
  );
}
