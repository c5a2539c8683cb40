import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect, it } from 'vitest';
import { zipDownload } from './zip-download.ts';

const root = mkdtempSync(path.join(tmpdir(), 'zip-'));
afterAll(() => rmSync(root, { recursive: true }));

it('gives any range of a zip of small files as the whole has it, also through a web stream', async () => {
  const entries = ['a', 'b', 'c'].map((name) => {
    const file = path.join(root, name);
    writeFileSync(file, name.repeat(3000));
    return { name, file, bytes: statSync(file).size };
  });
  const { open, totalBytes } = zipDownload({ folder: 'three', entries, madeAt: 0, etag: '"x"' });
  const whole = await buffer(open(null));
  expect(whole).toHaveLength(totalBytes);
  for (const [start, end] of [
    [0, 0],
    [10, 19],
    [2990, 3200],
    [totalBytes - 30, totalBytes - 1],
  ] as const) {
    const part = new Response(Readable.toWeb(open({ start, end })) as ReadableStream<Uint8Array>);
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(start, end + 1))).toBe(true);
  }
});
