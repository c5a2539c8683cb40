import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { sendDownload } from './send-download.ts';

const bytes = Buffer.from('0123456789');
const download = {
  fileName: 'a.bin',
  totalBytes: bytes.length,
  etag: '"one"',
  open: (range: { start: number; end: number } | null) =>
    Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes]),
};

async function get(headers: Record<string, string>) {
  const response = sendDownload(new Request('http://x/', { headers }), download);
  return {
    status: response.status,
    body: await response.text(),
    length: response.headers.get('content-length'),
    range: response.headers.get('content-range'),
  };
}

describe('sendDownload', () => {
  it('sends the whole', async () => {
    expect(await get({})).toEqual({ status: 200, body: '0123456789', length: '10', range: null });
  });

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=4-', '456789', 'bytes 4-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('sends %s', async (range, body, contentRange) => {
    expect(await get({ range })).toEqual({
      status: 206,
      body,
      length: String(body.length),
      range: contentRange,
    });
  });

  it.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])('refuses %s, which is behind the end', async (range) => {
    expect(await get({ range })).toMatchObject({ status: 416, range: 'bytes */10' });
  });

  it.each(['bytes=', 'bytes=-', 'bytes=5-2', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=x-1'])(
    'passes over %s, which is no single range',
    async (range) => {
      expect((await get({ range })).status).toBe(200);
    },
  );

  it('begins anew when what is there is another version', async () => {
    expect((await get({ range: 'bytes=4-', 'if-range': '"other"' })).status).toBe(200);
    expect((await get({ range: 'bytes=4-', 'if-range': '"one"' })).status).toBe(206);
  });
});
