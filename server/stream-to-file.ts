import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { DomainError } from './errors.ts';

/**
 * Writes what a request brings to a new file, readable by its owner only, piece by piece as it comes. What was written stays
 * when the stream breaks off: the caller removes it. Throws `too-large` past the limit.
 */
export async function streamToFile(
  source: ReadableStream<Uint8Array> | Readable,
  { file, maxBytes }: { file: string; maxBytes: number },
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        done(new DomainError('too-large', `The file is larger than the limit of ${maxBytes} bytes.`));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const readable = source instanceof Readable ? source : Readable.fromWeb(source);
  await pipeline(readable, measure, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  return { bytes, sha256: hash.digest('hex') };
}
