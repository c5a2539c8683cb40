import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import {
  MAX_MODEL_BYTES,
  MAX_MODEL_FILES,
  modelFileKind,
  modelFileProblem,
} from '../../../lib/model-files.ts';
import { DomainError } from '../../errors.ts';

/** What weights and tokenizers never reach; what a bomb needs. */
const MAX_RATIO = 200;
const SMALL_BYTES = 2 ** 20;
const UNIX_TYPE_MASK = 0o170000;
const UNIX_LINK = 0o120000;

/**
 * Unpacks the model of a zip: the files that lie beside its config.json (or adapter_config.json), whatever folder that is in;
 * the rest is passed over. The directory is judged before a byte is written: names (no `..`, nothing absolute), links,
 * encryption, number, sizes and ratio; then each file's length and checksum while it is.
 * @throws DomainError `invalid` or `too-large` naming the entry
 */
export async function unpackModelZip(
  zipFile: string,
  {
    into,
    room,
    signal,
    progress,
  }: {
    into: string;
    /** bytes that may be written */
    room: number;
    signal: AbortSignal;
    progress: (doneBytes: number, totalBytes: number) => void;
  },
): Promise<void> {
  const zip = await openZip(zipFile);
  try {
    const entries = modelEntries(await readDirectory(zip));
    const totalBytes = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    if (totalBytes > Math.min(room, MAX_MODEL_BYTES))
      throw new DomainError(
        'too-large',
        `The zip unpacks to ${totalBytes} bytes; ${Math.min(room, MAX_MODEL_BYTES)} may be taken.`,
      );
    let done = 0;
    for (const { name, entry } of entries) {
      let crc = 0;
      const measure = new Transform({
        transform(chunk: Buffer, _encoding, next) {
          crc = crc32(chunk, crc);
          done += chunk.length;
          progress(done, totalBytes);
          next(null, chunk);
        },
      });
      const source = await zip.openReadStreamPromise(entry);
      const file = createWriteStream(path.join(into, name), { flags: 'wx', mode: 0o600 });
      await pipeline(source, measure, file, { signal });
      if (crc !== entry.crc32)
        throw new Error(`${entry.fileName} does not have the checksum that the zip lists`);
    }
  } catch (error) {
    if (error instanceof DomainError || signal.aborted || isOwnFault(error)) throw error;
    throw new DomainError('invalid', `The zip cannot be unpacked: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    zip.close();
  }
}

async function openZip(zipFile: string): Promise<ZipFile> {
  try {
    return await openPromise(zipFile, { lazyEntries: true, autoClose: false, strictFileNames: true });
  } catch (cause) {
    throw new DomainError('invalid', `This is no zip that can be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Every entry, or the first reason to refuse the whole archive. The library itself refuses `..` and absolute names. */
async function readDirectory(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (entries.length === 2 * MAX_MODEL_FILES)
      throw new DomainError('too-large', `The zip has more than ${2 * MAX_MODEL_FILES} entries.`);
    const type = (entry.externalFileAttributes >>> 16) & UNIX_TYPE_MASK;
    if (type === UNIX_LINK) throw refused(entry, 'is a link, expected files only');
    if (entry.isEncrypted()) throw refused(entry, 'is encrypted');
    if (!entry.canDecodeFileData()) throw refused(entry, `is packed by method ${entry.compressionMethod}`);
    const { uncompressedSize, compressedSize } = entry;
    if (uncompressedSize > SMALL_BYTES && uncompressedSize > MAX_RATIO * compressedSize)
      throw refused(
        entry,
        `claims ${uncompressedSize} bytes from ${compressedSize}: more than ${MAX_RATIO} to 1`,
      );
    entries.push(entry);
  }
  return entries;
}

/** The files of the folder that the model is in, by their plain names. */
function modelEntries(entries: readonly Entry[]): { name: string; entry: Entry }[] {
  const folders = new Set(
    entries
      .filter(({ fileName }) => /(^|\/)(adapter_)?config\.json$/.test(fileName))
      .map(({ fileName }) => folderOf(fileName)),
  );
  const shallowest = Math.min(...[...folders].map(depth));
  const chosen = [...folders].filter((folder) => depth(folder) === shallowest);
  if (chosen.length !== 1) {
    const found = chosen.length === 0 ? 'none' : `one in each of ${chosen.slice(0, 5).join(', ')}`;
    throw new DomainError(
      'invalid',
      `The zip should hold one config.json, and the model beside it; found ${found}.`,
    );
  }
  const named = entries
    .filter(({ fileName }) => folderOf(fileName) === chosen[0])
    .map((entry) => ({ name: entry.fileName.slice((chosen[0] as string).length), entry }))
    .filter(({ name }) => modelFileKind(name) !== null);
  const seen = new Set<string>();
  for (const { name, entry } of named) {
    const problem = modelFileProblem(name, entry.uncompressedSize);
    if (problem !== null) throw new DomainError('too-large', `${problem}.`);
    if (seen.has(name)) throw refused(entry, 'is there twice');
    seen.add(name);
  }
  return named;
}

/** With its slash; empty for the top. */
function folderOf(fileName: string): string {
  return fileName.slice(0, fileName.lastIndexOf('/') + 1);
}

function depth(folder: string): number {
  return folder.split('/').length;
}

function refused(entry: Entry, why: string): DomainError {
  return new DomainError('invalid', `The zip is refused: "${entry.fileName.slice(0, 120)}" ${why}.`);
}

/** A full disk is no fault of the zip. */
function isOwnFault(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ENOSPC', 'EMFILE', 'EIO', 'EDQUOT'].includes(code);
}
