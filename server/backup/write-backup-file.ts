import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { hashFile, hashPieces } from '../../lib/hash-file.ts';
import { databaseFile } from '../data-folder.ts';
import { DomainError } from '../errors.ts';
import { copyDatabaseOnline } from './copy-database.ts';
import { type BackupManifest, MANIFEST_FOLDER, markOf, objectName } from './format.ts';
import { filesOf } from './list-files.ts';
import { sealManifest } from './seal-manifest.ts';
import { syncFolder } from './sync-folder.ts';
import { takeLock } from './take-lock.ts';
import type { BackupProgress, BackupReport } from './write-backup.ts';

const PIECE_BYTES = 2 ** 20;
/** numbers and what is packed already: no smaller for the time that it takes */
const IS_PACKED = /\.(safetensors|zip|gz)$/;

/** Whether a backup of this name is one file. */
export const isBackupFileName = (name: string): boolean => /\.zip$/i.test(name);

/**
 * Backs a data folder up into one file, while web and worker go on: a zip of what a backup folder would hold, written piece by piece, so
 * that it takes no more memory for a large one. Everything is in it each time. The file has its name when all of it is on the disk.
 * Throws `conflict` where there is a file already or another backup is made into it, `invalid` for a folder.
 */
export async function writeBackupFile({
  dataFolder,
  now,
  onProgress,
  ...options
}: {
  dataFolder: string;
  out: string;
  now: () => number;
  onProgress?: (progress: BackupProgress) => void;
}): Promise<BackupReport> {
  const out = path.resolve(options.out);
  requireFree(out, dataFolder);
  mkdirSync(path.dirname(out), { recursive: true, mode: 0o700 });
  const unlock = takeLock(`${out}.lock`, out);
  const part = `${out}.part`;
  const databasePart = `${out}.database.part`;
  try {
    for (const file of [part, databasePart]) rmSync(file, { force: true });
    const createdAt = new Date(now()).toISOString();
    const zip = startZip(part, new Date(now()));
    try {
      const { heads, rest } = filesOf(dataFolder, out);
      const early = await addFiles(zip, { dataFolder, paths: heads() });
      const copy = await copyDatabaseOnline(databaseFile(dataFolder), databasePart, (done, total) =>
        onProgress?.({ stage: 'database', done, total }),
      );
      const database = { ...copy, ...(await hashFile(databasePart)) };
      await zip.addFile(databasePart);
      const later = await addFiles(zip, {
        dataFolder,
        paths: rest(),
        onProgress: (done, total) => onProgress?.({ stage: 'files', done, total }),
      });
      const { name, text, manifest } = sealManifest({
        createdAt,
        database,
        files: [...early.files, ...later.files],
        leftOut: [...early.leftOut, ...later.leftOut],
      });
      zip.addText(markOf('').name, markOf('').text);
      zip.addText(`${MANIFEST_FOLDER}/${name}`, text);
      await zip.end();
      await rename(part, out);
      syncFolder(path.dirname(out));
      return {
        name,
        manifest,
        newBytes: manifest.files.reduce((sum, f) => sum + f.bytes, database.bytes),
        deleted: [],
      };
    } finally {
      zip.abandon();
    }
  } finally {
    for (const file of [part, databasePart]) rmSync(file, { force: true });
    rmSync(`${databasePart}-journal`, { force: true });
    unlock();
  }
}

function requireFree(out: string, dataFolder: string): void {
  const found = statSync(out, { throwIfNoEntry: false });
  if (found?.isDirectory())
    throw new DomainError(
      'invalid',
      `${out} is a folder; a name that ends in .zip is one file. Into a folder: name one without that ending.`,
    );
  if (found)
    throw new DomainError(
      'conflict',
      `${out} is there already; a file holds one backup: choose another name.`,
    );
  const below = path.relative(path.resolve(dataFolder), out);
  const isInside = !below.startsWith('..') && !path.isAbsolute(below);
  if (isInside && !below.startsWith(`backups${path.sep}`))
    throw new DomainError(
      'invalid',
      `${out} lies in the data folder: the next backup would take it along. Put it elsewhere, or in backups/ there.`,
    );
}

type FileEntry = BackupManifest['files'][number];

async function addFiles(
  zip: ZipWriter,
  {
    dataFolder,
    paths,
    onProgress,
  }: { dataFolder: string; paths: string[]; onProgress?: (done: number, total: number) => void },
): Promise<{ files: FileEntry[]; leftOut: string[] }> {
  const files: FileEntry[] = [];
  const leftOut: string[] = [];
  for (const [index, name] of paths.entries()) {
    onProgress?.(index, paths.length);
    try {
      const { mtimeMs } = statSync(path.join(dataFolder, name));
      files.push({ path: name, ...(await zip.addFile(path.join(dataFolder, name))), mtime_ms: mtimeMs });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      leftOut.push(name);
    }
  }
  onProgress?.(paths.length, paths.length);
  return { files, leftOut };
}

type ZipWriter = ReturnType<typeof startZip>;

function startZip(part: string, mtime: Date) {
  const zip = new ZipFile();
  const output = createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true });
  const written = pipeline(zip.outputStream as Readable, output);
  // told by whoever waits for it
  written.catch(() => undefined);
  zip.on('error', (error: Error) => output.destroy(error));
  const names = new Set<string>();
  const options = { mtime, mode: 0o100600 };

  /** The name is made of the hash, so a file is read twice, by one handle: what takes its place meanwhile is not seen. */
  const addOpen = async (handle: FileHandle, file: string) => {
    const { size } = await handle.stat();
    // what is appended to it meanwhile comes with the next backup
    const read = () => piecesOf(handle, size);
    const found = await hashPieces(read());
    const name = objectName(found.sha256);
    if (names.has(name)) return found;
    names.add(name);
    const copied = new Promise<{ sha256: string; bytes: number }>((resolve, reject) => {
      const hash = createHash('sha256');
      async function* hashed() {
        for await (const piece of read()) {
          hash.update(piece);
          yield piece;
        }
        resolve({ sha256: hash.digest('hex'), bytes: found.bytes });
      }
      const entry = { ...options, size: found.bytes, compressionLevel: IS_PACKED.test(file) ? 0 : 3 };
      zip.addReadStreamLazy(name, entry, (give) => {
        const source = Readable.from(hashed(), { objectMode: false });
        source.on('error', reject);
        give(null, source);
      });
      written.then(() => reject(new Error(`${part} ended too early`)), reject);
    });
    if ((await copied).sha256 !== found.sha256)
      throw new DomainError('conflict', `${file} was changed while it was copied. Try again.`);
    return found;
  };

  return {
    /** Adds a file's contents under their hash, once for all that are the same. Throws what the file system does. */
    async addFile(file: string): Promise<{ sha256: string; bytes: number }> {
      const handle = await open(file, 'r');
      try {
        return await addOpen(handle, file);
      } finally {
        await handle.close();
      }
    },
    addText: (name: string, text: string) => zip.addBuffer(Buffer.from(text), name, options),
    /** On the disk when it returns. */
    async end(): Promise<void> {
      zip.end();
      await written;
    },
    abandon: () => output.destroy(),
  };
}

async function* piecesOf(handle: FileHandle, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; ) {
    const { bytesRead, buffer } = await handle.read(
      Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - at)),
      0,
      Math.min(PIECE_BYTES, bytes - at),
      at,
    );
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
