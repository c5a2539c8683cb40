import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ReadRecord, readCsv } from './read-csv.ts';

async function collect(text: string | Buffer, options = {}): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  for await (const record of readCsv(Readable.from([Buffer.from(text)]), options)) records.push(record);
  return records;
}

describe('readCsv', () => {
  it('reads quoted fields with commas, quotes and newlines, packed too', async () => {
    const text = '\ufeffprompt, chosen,rejected\n"a, ""b""\nc",x,y\nq,r,s\n';
    const wanted = [
      { number: 3, record: { prompt: 'a, "b"\nc', chosen: 'x', rejected: 'y' } },
      { number: 4, record: { prompt: 'q', chosen: 'r', rejected: 's' } },
    ];
    expect(await collect(text)).toEqual(wanted);
    expect(await collect(gzipSync(text))).toEqual(wanted);
  });

  it('refuses a record with the wrong number of fields and goes on', async () => {
    const records = await collect('prompt,chosen\na,b\nc\nd,e,f\ng,h\n');
    expect(records.map((r) => ('record' in r ? r.record.prompt : r.reason))).toEqual([
      'a',
      'malformed-csv',
      'malformed-csv',
      'g',
    ]);
    expect(records[1]).toMatchObject({ number: 3, head: 'c' });
  });

  it('refuses an unclosed quote and a record over the limit', async () => {
    expect((await collect('prompt\nok\n"never closed\nx\n')).at(-1)).toMatchObject({
      reason: 'malformed-csv',
    });
    const long = await collect(`prompt\nok\n${'x'.repeat(5000)}\n`, { maxRecordBytes: 1000 });
    expect(long.at(-1)).toMatchObject({ reason: 'malformed-csv' });
  });

  it('says that a file is not UTF-8', async () => {
    await expect(collect(Buffer.from([0x70, 0x0a, 0xff, 0x0a]))).rejects.toThrow(/not valid UTF-8/);
  });
});
