import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readBeginning } from './read-beginning.ts';

const blob = (bytes: string | Buffer) => new Blob([new Uint8Array(Buffer.from(bytes))]);

describe('the beginning of a file', () => {
  it('is unpacked and decoded, also when the packed bytes are cut', async () => {
    expect(await readBeginning(blob('{"prompt":"ä"}\n'))).toBe('{"prompt":"ä"}\n');
    expect(await readBeginning(blob(gzipSync('{"prompt":"ä"}\n')))).toBe('{"prompt":"ä"}\n');
    const rows = Array.from({ length: 40_000 }, (_, i) => `{"prompt":"${Math.sin(i)}"}`).join('\n');
    const large = gzipSync(rows);
    expect(large.length).toBeGreaterThan(64 * 1024);
    const start = await readBeginning(blob(large));
    expect(start.length).toBeGreaterThan(10_000);
    expect(rows.startsWith(start)).toBe(true);
  });

  it('is read as UTF-16 by its byte order mark, and is nothing for what is no text', async () => {
    expect(await readBeginning(blob(Buffer.from('\ufeffprompt,chosen', 'utf16le')))).toBe('prompt,chosen');
    expect(await readBeginning(blob(Buffer.from('\ufeffhi', 'utf16le').swap16()))).toBe('hi');
    expect(await readBeginning(blob(Buffer.from('prompt', 'utf16le')))).toBe('');
    expect(await readBeginning(blob(''))).toBe('');
  });
});
