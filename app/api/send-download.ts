import { Readable } from 'node:stream';
import type { ByteRange, Download } from '@/server/storage/zip-download.ts';

/**
 * Sends a download, whole or the one range that is asked for (RFC 9110, section 14): a broken one can go on. A range of another
 * version (If-Range) and several ranges at once get the whole; one behind the end gets 416.
 */
export function sendDownload(
  request: Request,
  download: Download,
  contentType = 'application/octet-stream',
): Response {
  const { fileName, totalBytes, etag, open } = download;
  const headers = {
    'accept-ranges': 'bytes',
    etag,
    'content-type': contentType,
    // names are of files of ours, or made of letters, digits and . _ -
    'content-disposition': `attachment; filename="${fileName}"`,
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
  };
  const ifRange = request.headers.get('if-range');
  const asked = ifRange === null || ifRange === etag ? request.headers.get('range') : null;
  const range = asked === null ? null : readRange(asked, totalBytes);
  if (range === 'unsatisfiable')
    return new Response(null, {
      status: 416,
      headers: { ...headers, 'content-range': `bytes */${totalBytes}` },
    });
  const body = Readable.toWeb(open(range)) as ReadableStream<Uint8Array>;
  if (range === null)
    return new Response(body, { headers: { ...headers, 'content-length': String(totalBytes) } });
  return new Response(body, {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': `bytes ${range.start}-${range.end}/${totalBytes}`,
    },
  });
}

function readRange(header: string, totalBytes: number): ByteRange | null | 'unsatisfiable' {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined || first + last === '') return null;
  const start = first === '' ? Math.max(0, totalBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1);
  if (first === '' && Number(last) === 0) return 'unsatisfiable';
  if (start >= totalBytes) return 'unsatisfiable';
  return start > end ? null : { start, end };
}
