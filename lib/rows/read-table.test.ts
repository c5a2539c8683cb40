import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type RawRow, readRows } from './read-rows.ts';

async function collect(text: string | Buffer, options = {}): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  const source = Readable.from([Buffer.from(text)]);
  for await (const { form: _, ...row } of readRows(source, {
    fileName: 'x.csv',
    expected: ['table'],
    ...options,
  })) {
    rows.push(row);
  }
  return rows;
}
const short = (rows: RawRow[]) =>
  rows.map((row) =>
    'value' in row ? Object.values(row.value as object).join('|') : `${row.number} ${row.reason}`,
  );

describe('a table', () => {
  it('has quoted fields with commas, quotes and line ends, which stay as they are, packed or not', async () => {
    const text = '\ufeffprompt, chosen,rejected\n"a, ""b""\r\n\nc",x,y\nq,r,s\n';
    const values = [
      { prompt: 'a, "b"\r\n\nc', chosen: 'x', rejected: 'y' },
      { prompt: 'q', chosen: 'r', rejected: 's' },
    ];
    for (const bytes of [text, gzipSync(text)]) {
      const rows = await collect(bytes);
      expect(rows.map((row) => 'value' in row && row.value)).toEqual(values);
      expect(rows.map((row) => row.number)).toEqual([2, 5]);
    }
  });

  it.each([
    ['LF, then CRLF', 'p,c,r\na,b,d\r\ne,f,g\r\n'],
    ['CRLF, then LF', 'p,c,r\r\na,b,d\ne,f,g\n'],
    ['mixed, none at the end', 'p,c,r\na,b,d\r\ne,f,g'],
    ['CR only', 'p,c,r\ra,b,d\re,f,g\r'],
    ['CRLF with a quoted last field', 'p,c,r\na,b,"d"\r\ne,f,"g"\r\n'],
    ['byte order marks where files were put together', '\ufeff\ufeffp,c,r\n\ufeffa,b,d\n\ufeffe,f,g\n'],
    ['tabs', 'p\tc\tr\na\tb\td\ne\tf\tg\n'],
    ['semicolons', 'p;c;r\na;b;d\ne;f;g\n'],
  ])('ends a record at every kind of line end, in every kind of table: %s', async (_, text) => {
    expect(short(await collect(text))).toEqual(['a|b|d', 'e|f|g']);
  });

  it('refuses a record with the wrong number of fields alone', async () => {
    const rows = await collect('prompt,chosen\na,b\nc\nd,e,f\ng,h\n');
    expect(short(rows)).toEqual(['a|b', '3 malformed-csv', '4 malformed-csv', 'g|h']);
    expect(rows[1]).toMatchObject({
      raw: 'c',
      detail: 'the record has 1 fields, the header names 2 columns',
    });
  });

  it('refuses a record with a stray quote alone, wherever the quote stands', async () => {
    const text =
      'p,c,r\na,b,d\nx,5" disk,y\nx,"say "hi" now",y\n"un"quoted,x,y\nx,y,z"\nx,"two\nlines "here",y\ne,f,g\n';
    const rows = await collect(text);
    expect(short(rows)).toEqual([
      'a|b|d',
      '3 malformed-csv',
      '4 malformed-csv',
      '5 malformed-csv',
      '6 malformed-csv',
      '7 malformed-csv',
      'e|f|g',
    ]);
    expect(rows[5]).toMatchObject({ detail: expect.stringMatching(/^lines 7 to 8: a quote stands/) });
  });

  it('says that a quote is never closed, and does not read on as if nothing were', async () => {
    const rows = await collect('p,c\na,b\nx,"y\nz,w\n');
    expect(short(rows)).toEqual(['a|b', '3 unreadable-rest']);
    expect(rows[1]).toMatchObject({
      isEnd: true,
      detail: expect.stringMatching(/quote opened on line 3 is never closed/),
    });
    const long = await collect(`p,c\na,b\nx,"y\n${'z,w\n'.repeat(1000)}`, { maxRowBytes: 1000 });
    expect(long.at(-1)).toMatchObject({
      number: 3,
      isEnd: true,
      detail: expect.stringMatching(/within 1000 bytes/),
    });
    // one that a later quote closes takes the rows between with it, and says which
    const closed = await collect('p,c\nx,"y\nz,"w",\na,b\n');
    expect(short(closed)).toEqual(['2 malformed-csv', 'a|b']);
    expect(closed[0]).toMatchObject({ detail: expect.stringMatching(/^lines 2 to 3/) });
  });

  it('refuses a line that is too long or no UTF-8 alone, also inside a quoted field', async () => {
    const bad = Buffer.concat([Buffer.from('p,c\n"a\n'), Buffer.from([0xff]), Buffer.from('\nb",x\nc,d\n')]);
    expect(short(await collect(bad))).toEqual(['2 invalid-utf8', 'c|d']);
    const long = `p,c\nx,${'y'.repeat(2000)}\n"${'z'.repeat(2000)}\nb",x\nc,d\n`;
    expect(short(await collect(long, { maxRowBytes: 1000 }))).toEqual([
      '2 line-too-long',
      '3 line-too-long',
      'c|d',
    ]);
  });

  it.each([
    [
      'a column twice',
      'prompt,chosen,rejected,chosen\np,a,b,z\n',
      /two columns are called "chosen".*: prompt, chosen/,
    ],
    ['once with blanks', 'a, b,b \n1,2,3\n', /two columns are called "b"/],
    ['a header with a stray quote', 'a,b"c\n1,2\n', /the header, line 1/],
    ['a header that never ends', 'a,"b\n1,2\n', /the header opens a quote/],
  ])('is refused as a whole: %s', async (_, text, message) => {
    await expect(collect(text)).rejects.toThrow(message);
  });

  it('names columns that have no name', async () => {
    expect((await collect(',prompt,\n0,a,b\n'))[0]).toMatchObject({
      value: { 'column 1': '0', prompt: 'a', 'column 3': 'b' },
    });
  });
});
