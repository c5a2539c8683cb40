import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReadLine, readLines } from './read-lines.ts';

async function collect(chunks: (string | Buffer)[], options = {}): Promise<ReadLine[]> {
  const lines: ReadLine[] = [];
  for await (const line of readLines(Readable.from(chunks.map((c) => Buffer.from(c))), options))
    lines.push(line);
  return lines;
}

describe('readLines', () => {
  it('numbers lines, passes over blank ones, takes CRLF and a missing last newline', async () => {
    expect(await collect(['\ufeffone\r\n\n  \nfo', 'ur\nfive'])).toEqual([
      { number: 1, byteOffset: 0, line: 'one' },
      { number: 4, byteOffset: 12, line: 'four' },
      { number: 5, byteOffset: 17, line: 'five' },
    ]);
  });

  it('gives the same lines however the bytes are cut, packed or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc
            .string({ unit: 'grapheme', minLength: 1 })
            .filter((s) => !/[\n\r\ufeff]/.test(s) && s.trim() !== ''),
        ),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (texts, size, packed) => {
          const plain = Buffer.from(texts.join('\n'));
          const bytes = packed ? gzipSync(plain) : plain;
          const chunks = [];
          for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
          const lines = await collect(chunks);
          expect(lines.map((l) => ('line' in l ? l.line : l.reason))).toEqual(texts);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses invalid UTF-8 in one line and goes on', async () => {
    const lines = await collect([Buffer.from([0x61, 0xff, 0x62, 0x0a]), 'fine\n']);
    expect(lines[0]).toMatchObject({ number: 1, reason: 'invalid-utf8', head: 'a\ufffdb' });
    expect(lines[1]).toEqual({ number: 2, byteOffset: 4, line: 'fine' });
  });

  it('refuses a 2 GB line without keeping it', async () => {
    const block = Buffer.alloc(1 << 20, 0x78);
    const source = Readable.from(
      (function* () {
        yield Buffer.from('first\n');
        for (let i = 0; i < 2048; i++) yield block;
        yield Buffer.from('\nlast\n');
      })(),
    );
    const lines: ReadLine[] = [];
    let highest = 0;
    const before = process.memoryUsage.rss();
    for await (const line of readLines(source, { maxLineBytes: 1 << 20 })) {
      lines.push(line);
      highest = Math.max(highest, process.memoryUsage.rss());
    }
    expect(lines.map((l) => ('line' in l ? l.line : `${l.reason} ${l.detail}`))).toEqual([
      'first',
      `line-too-long the line has ${2 ** 31} bytes, the limit is ${2 ** 20}`,
      'last',
    ]);
    expect((highest - before) / 2 ** 20).toBeLessThan(200);
  }, 60_000);

  it('accepts a line of exactly the limit', async () => {
    expect(await collect(['abcd\nabcde\n'], { maxLineBytes: 4 })).toMatchObject([
      { line: 'abcd' },
      { number: 2, reason: 'line-too-long', head: 'abcde' },
    ]);
  });

  it('names damaged gzip data and a passed total', async () => {
    const packed = gzipSync(Buffer.from('hello\n'.repeat(1000)));
    await expect(collect([packed.subarray(0, packed.length - 12)])).rejects.toThrow(/damaged gzip data/);
    await expect(collect([packed], { maxTotalBytes: 1000 })).rejects.toThrow(/more than 1000 bytes/);
    await expect(readLines('/no/such/file.jsonl').next()).rejects.toThrow(/ENOENT/);
  });

  it('lets go of the file when the reader stops early', async () => {
    const source = Readable.from([Buffer.from('a\nb\n'), Buffer.from('c\n')]);
    for await (const _ of readLines(source)) break;
    expect(source.destroyed).toBe(true);
  });
});
