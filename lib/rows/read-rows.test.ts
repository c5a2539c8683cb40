import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonLine } from '../formats/parse-json-line.ts';
import { type RawRow, type ReadRowsOptions, readRows } from './read-rows.ts';

async function collect(
  content: string | Buffer | Buffer[],
  options: Partial<ReadRowsOptions> = {},
): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  const chunks = Array.isArray(content) ? content : [Buffer.from(content)];
  for await (const { form: _, ...row } of readRows(Readable.from(chunks), {
    fileName: 'x.jsonl',
    expected: ['json', 'table', 'text'],
    ...options,
  })) {
    rows.push(row);
  }
  return rows;
}
const valuesOf = (rows: RawRow[]) => rows.map((row) => ('value' in row ? row.value : row.reason));
const utf16 = (text: string, isBig = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};
const utf32 = (text: string) => {
  const signs = [...text].map((sign) => sign.codePointAt(0) ?? 0);
  return Buffer.from(new Uint32Array(signs).buffer);
};

describe('readRows', () => {
  const values = [{ prompt: 'ä 🙂', n: [1, { a: ']}"\\' }] }, { prompt: 'two\nlines' }, { prompt: 'three' }];

  it('gives the same rows in every form, encoding and packing, however the bytes are cut', async () => {
    const lines = values.map((value) => JSON.stringify(value)).join('\n');
    const forms = [
      ['a.jsonl', lines],
      ['a.json', lines],
      ['a', `${lines}\n\n`],
      ['a.json', JSON.stringify(values)],
      ['a.jsonl', JSON.stringify(values, null, 2)],
      ['a', `\n${JSON.stringify(values, null, '\t')}\r\n`],
      ['a.json', values.map((value) => JSON.stringify(value, null, 2)).join('\n')],
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...forms),
        fc.constantFrom('utf-8', 'utf-8 with mark', 'utf-16le', 'utf-16be'),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        async ([fileName, text], encoding, isPacked, size) => {
          const marked = encoding === 'utf-8' ? text : `\ufeff${text}`;
          const plain = encoding.startsWith('utf-8')
            ? Buffer.from(marked)
            : utf16(marked, encoding === 'utf-16be');
          const bytes = isPacked ? gzipSync(plain) : plain;
          const chunks = [];
          for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
          expect(valuesOf(await collect(chunks, { fileName }))).toEqual(values);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('takes a text file line by line, also where a line begins with a brace, and JSON rows in one as rows', async () => {
    const text = '{name} stands for a name.\n\n[1,2,3] is a list?\n"quoted"\r\n';
    const lines = ['{name} stands for a name.', '[1,2,3] is a list?', '"quoted"'];
    expect(valuesOf(await collect(text, { fileName: 'p.txt' }))).toEqual(lines);
    expect(valuesOf(await collect(gzipSync(text), { fileName: 'p.txt.gz' }))).toEqual(lines);
    expect(valuesOf(await collect(text, { fileName: 'upload' }))).toEqual(lines);
    expect(valuesOf(await collect('{"a": 1} is JSON.\n{"a": 1}', { fileName: 'p.txt' }))).toHaveLength(2);
    expect(valuesOf(await collect('{"prompt": "p"}\n', { fileName: 'p.txt' }))).toEqual([{ prompt: 'p' }]);
    expect(valuesOf(await collect('prompt,chosen\na,b\n', { fileName: 'upload' }))).toEqual([
      { prompt: 'a', chosen: 'b' },
    ]);
  });

  it('refuses texts that would read back as others one by one, with their place', async () => {
    const rows = await collect(
      ['{"a":"half \\ud83d"}', '{"a":["x","\\u0000"]}', '{"a":"\\ud83d\\ude42"}', '{"b\\udc00":1}'].join(
        '\n',
      ),
    );
    expect(valuesOf(rows)).toEqual(['malformed-text', 'malformed-text', { a: '🙂' }, 'malformed-text']);
    expect(rows[1]).toMatchObject({ number: 2, detail: expect.stringMatching(/^a\[1\] holds NUL/) });
    const table = await collect('a,b\nx\0,y\nz,w\n', { fileName: 'x.csv' });
    expect(valuesOf(table)).toEqual(['malformed-text', { a: 'z', b: 'w' }]);
    expect(valuesOf(await collect('one\0\ntwo\n', { fileName: 'x.txt' }))).toEqual(['malformed-text', 'two']);
    const halves = utf16('\ufefffine\nhalf \ud83d\nfine 🙂\n');
    expect(valuesOf(await collect(halves, { fileName: 'x.txt' }))).toEqual([
      'fine',
      'invalid-utf8',
      'fine 🙂',
    ]);
  });

  it('ends lines at a lone carriage return where the file has no other line end', async () => {
    expect(valuesOf(await collect('one\rtwo\rthree\r', { fileName: 'x.txt' }))).toEqual([
      'one',
      'two',
      'three',
    ]);
    const rows = await collect('{"a":"x\\ry"}\r{"a":2}');
    expect(valuesOf(rows)).toEqual([{ a: 'x\ry' }, { a: 2 }]);
    expect(rows.map(({ number }) => number)).toEqual([1, 2]);
    expect(valuesOf(await collect('one\rstill one\ntwo\r\n', { fileName: 'x.txt' }))).toEqual([
      'one\rstill one',
      'two',
    ]);
  });

  it('refuses an object with a key twice, at any depth and in any spelling, and nothing else', async () => {
    const lines = [
      '{"a":1,"a":2}',
      '{"a":[{"b":1,"\\u0062":2}]}',
      '{"a":"\\"a\\": ","b":{"a":1},"c":[{"a":1},{"a":1}]}',
      '{"a":"x\\\\","b" : "a"}',
    ];
    const rows = await collect(lines.join('\n'));
    expect(rows[0]).toMatchObject({
      reason: 'malformed-json',
      detail: expect.stringMatching(/key "a" stands twice/),
    });
    expect(rows[1]).toMatchObject({ detail: expect.stringMatching(/key "b" stands twice/) });
    expect(valuesOf(rows.slice(2))).toEqual(lines.slice(2).map((line) => JSON.parse(line)));
    const list = await collect('[{"a":1},{"a":1,"a":1}]', { fileName: 'a.json' });
    expect(valuesOf(list)).toEqual([{ a: 1 }, 'malformed-json']);
  });

  it('finds in any JSON what was written twice, and nothing in what was written once', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), fc.string(), (text, key, other) => {
        expect(parseJsonLine(text)).toMatchObject({ ok: true });
        const twice = JSON.stringify({ [`${key}x`]: text, [`${other}yy`]: 1 });
        const again = `${twice.slice(0, -1)},${JSON.stringify(`${key}x`)}:2}`;
        expect(parseJsonLine(again)).toMatchObject({ ok: false, reason: 'malformed-json' });
      }),
    );
  });

  it('keeps whole numbers digit by digit, and refuses those that are none', async () => {
    const rows = await collect(
      '{"id":12345678901234567890,"n":[-9007199254740993, 9007199254740991],"t":"12345678901234567890"}\n{"a":1e999}',
    );
    expect(valuesOf(rows)).toEqual([
      {
        id: '12345678901234567890',
        n: ['-9007199254740993', 9007199254740991],
        t: '12345678901234567890',
      },
      'malformed-text',
    ]);
    expect(rows[1]).toMatchObject({ detail: 'a is a number too large to be kept' });
  });

  it.each([
    ['UTF-16 without a mark', utf16('first thing\nsecond thing\n'), /UTF-16 text \(little-endian\) without/],
    ['the same, big-endian', utf16('{"prompt":"x"}\n', true), /UTF-16 text \(big-endian\)/],
    ['UTF-32 without a mark', utf32('{"prompt":"ä 🙂"}\n'), /UTF-32 text \(little-endian\) without/],
    ['the same, big-endian', utf32('p,c\nx,y\n').swap32(), /UTF-32 text \(big-endian\)/],
    ['UTF-32', Buffer.from('fffe00006100000062000000', 'hex'), /UTF-32/],
    ['zip', Buffer.from('504b03041400000008000000', 'hex'), /a zip archive/],
    ['Parquet', Buffer.from('PAR1\x15\x04\x15', 'latin1'), /a Parquet file/],
    ['gzip twice', gzipSync(gzipSync('x')), /gzip data inside gzip data/],
    ['Zstandard', Buffer.from('28b52ffd04580900', 'hex'), /Zstandard data/],
    ['bzip2', Buffer.from('BZh91AY&SY'), /bzip2/],
    ['SQLite', Buffer.from('SQLite format 3\0'), /an SQLite database/],
    ['another encoding', Buffer.from('d4e5e2f0e0ebfc20ffede2e0f0fc0a', 'hex'), /neither UTF-8 text/],
    ['an LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), /Git LFS/],
    ['a web page', Buffer.from('<!DOCTYPE html><html></html>'), /a web page/],
  ])('names what is no file of rows, once: %s', async (_, bytes, message) => {
    await expect(collect(bytes)).rejects.toThrow(message);
    await expect(collect(bytes)).rejects.toThrow(/expected JSON lines or a JSON list, a table/);
  });

  it('refuses a form that the reader has no rows from', async () => {
    await expect(collect('a text\n', { fileName: 'x.txt', expected: ['json', 'table'] })).rejects.toThrow(
      /found lines of plain text; expected JSON lines or a JSON list, a table/,
    );
    await expect(collect('{"a":1}\n', { expected: ['table'] })).rejects.toThrow(
      /found JSON lines; expected a table/,
    );
  });

  it('says of a list that is cut off or goes on behind its end that the rest is not read', async () => {
    for (const text of [
      '[{"a":1},{"a":',
      '[{"a":1},{"a":"x',
      '[{"a":1},',
      '[{"a":1}',
      '[{"a":1}]{"a":2}',
      '[{"a":1}]\n[{"a":2}]',
    ]) {
      const rows = await collect(text, { fileName: 'a.json' });
      expect(valuesOf(rows)).toEqual([{ a: 1 }, 'unreadable-rest']);
      expect(rows[1]).toMatchObject({ isEnd: true });
    }
    const rows = await collect('[{"a":1},\n{oops},\n"text",3,\n{"a":2}]', { fileName: 'a.json' });
    expect(valuesOf(rows)).toEqual([{ a: 1 }, 'malformed-json', 'text', 3, { a: 2 }]);
    expect(rows.map((row) => row.number)).toEqual([1, 2, 3, 3, 4]);
    expect(await collect('[]', { fileName: 'a.json' })).toEqual([]);
    expect(await collect('', { fileName: 'a.json' })).toEqual([]);
  });

  it('holds a row, never the file: too long rows and too large files are refused', async () => {
    const long = `[{"a":"${'x'.repeat(3000)}"},{"a":2}]`;
    expect(valuesOf(await collect(long, { maxRowBytes: 1000 }))).toEqual(['line-too-long', { a: 2 }]);
    const packed = gzipSync('{"a":1}\n'.repeat(50_000));
    await expect(collect(packed, { maxTotalBytes: 100_000 })).rejects.toThrow(
      /more than 100000 bytes \(unpacked\)/,
    );
    await expect(collect(packed.subarray(0, 200))).rejects.toThrow(/damaged gzip data/);
  });
});
