import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** Bytes of a file from `start` up to and including `end`. */
export type ByteRange = { start: number; end: number };
export type Download = {
  fileName: string;
  /** of the whole, whatever part is sent */
  totalBytes: number;
  /** the same as long as the bytes are */
  etag: string;
  open: (range: ByteRange | null) => Readable;
};

/** What lies in a zip: under which name, and a file of known size or a text. */
export type ZipEntry = { name: string } & ({ file: string; bytes: number } | { text: Buffer });

/**
 * Files as one zip, made while it is sent. They are stored, not packed, so that its length is known before and the same bytes come
 * again: a download that broke off can go on. `folder` is the name of the folder in it, and the zip's own.
 */
export function zipDownload({
  folder,
  entries,
  madeAt,
  etag,
}: {
  folder: string;
  entries: readonly ZipEntry[];
  /** UTC ms, the time that the entries carry */
  madeAt: number;
  etag: string;
}): Download {
  const options = { compress: false, mtime: new Date(madeAt), mode: 0o100644 };
  const build = (read: (file: string) => Readable | null) => {
    const zip = new ZipFile();
    for (const entry of entries) {
      const name = `${folder}/${entry.name}`;
      if ('text' in entry) zip.addBuffer(entry.text, name, options);
      else
        zip.addReadStreamLazy(name, { ...options, size: entry.bytes }, (give) => {
          const stream = read(entry.file);
          if (stream) give(null, stream);
        });
    }
    let totalBytes = -1;
    const tell = (size: number) => {
      totalBytes = size;
    };
    // the library's types leave out the argument
    zip.end({ forceZip64Format: false, comment: '' }, tell as () => void);
    return { zip, totalBytes };
  };
  return {
    fileName: `${folder}.zip`,
    // nothing is read to know it
    totalBytes: build(() => null).totalBytes,
    etag,
    open(range) {
      let reading: Readable | null = null;
      const { zip } = build((file) => {
        reading = createReadStream(file);
        reading.on('error', (error) => cut.destroy(error));
        return reading;
      });
      const output = zip.outputStream as Readable;
      // no duplex: what ends before its input has would count as broken off
      const cut = Readable.from(between(output, range ?? { start: 0, end: Number.POSITIVE_INFINITY }), {
        objectMode: false,
      });
      zip.on('error', (error: Error) => cut.destroy(error));
      // sent, or nobody listens any more: the file under way is closed, and no other is opened
      cut.on('close', () => reading?.destroy());
      return cut;
    },
  };
}

/** The bytes from `start` up to and including `end`; what comes behind is not waited for. */
async function* between(source: Readable, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const from = Math.max(0, start - at);
    const to = Math.min(chunk.length, end + 1 - at);
    at += chunk.length;
    if (from < to) yield chunk.subarray(from, to);
    if (at > end) return;
  }
}

/** An entity tag (RFC 9110) that differs when any of the parts does. */
export function etagOf(...parts: (Buffer | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `"${hash.digest('hex').slice(0, 32)}"`;
}
