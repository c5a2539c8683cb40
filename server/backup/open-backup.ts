import { createReadStream, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { DomainError } from '../errors.ts';
import {
  type Backup,
  backupNames,
  isBackupFolder,
  isManifestName,
  MANIFEST_FOLDER,
  markOf,
  objectFile,
  objectName,
  parseBackup,
  readBackup,
} from './format.ts';

/** a manifest is read whole; this is some two million files */
const MAX_MANIFEST_BYTES = 512 * 2 ** 20;

/** Backups that can be read, in a folder or in one file. */
export type BackupSource = {
  /** of the backups in it, oldest first */
  names: string[];
  /** Throws `invalid` when its manifest was altered. */
  read: (name: string) => Promise<Backup>;
  /** contents by their hash, null when they are missing */
  open: (sha256: string) => Promise<AsyncIterable<Buffer> | null>;
  close: () => void;
};

/** Opens a folder of backups, or a backup in one file; null for anything else. Throws `invalid` for a zip that cannot be read. */
export async function openBackup(from: string): Promise<BackupSource | null> {
  if (!existsSync(from)) return null;
  if (!statSync(from).isDirectory()) return openFile(from);
  if (!isBackupFolder(from)) return null;
  return {
    names: backupNames(from),
    read: async (name) => readBackup(from, name),
    open: async (sha256) => {
      const file = objectFile(from, sha256);
      return existsSync(file) ? (createReadStream(file) as AsyncIterable<Buffer>) : null;
    },
    close: () => {},
  };
}

async function openFile(file: string): Promise<BackupSource | null> {
  let zip: ZipFile;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false });
  } catch {
    return null;
  }
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  } catch (cause) {
    zip.close();
    throw new DomainError('invalid', `${file} is damaged: ${(cause as Error).message}`, { cause });
  }
  if (!entries.has(markOf('').name)) {
    zip.close();
    return null;
  }
  const open = async (name: string) => {
    const entry = entries.get(name);
    return entry === undefined ? null : piecesOf(zip, { file, entry });
  };
  return {
    names: [...entries.keys()]
      .filter((name) => path.posix.dirname(name) === MANIFEST_FOLDER)
      .map((name) => path.posix.basename(name))
      .filter(isManifestName)
      .sort(),
    async read(name) {
      const pieces: Buffer[] = [];
      let bytes = 0;
      for await (const piece of (await open(`${MANIFEST_FOLDER}/${name}`)) ?? []) {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes > MAX_MANIFEST_BYTES) throw new DomainError('too-large', `${name} is no manifest.`);
      }
      return parseBackup(name, Buffer.concat(pieces).toString('utf8'));
    },
    open: (sha256) => open(objectName(sha256)),
    close: () => zip.close(),
  };
}

/** What an entry unpacks to. That it cannot be unpacked is damage, told in words. */
async function* piecesOf(
  zip: ZipFile,
  { file, entry }: { file: string; entry: Entry },
): AsyncGenerator<Buffer> {
  try {
    yield* (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // what the system says of the file is not damage
    if (code !== undefined && /^E[A-Z]+$/.test(code)) throw cause;
    throw new DomainError(
      'invalid',
      `The backup is damaged: ${entry.fileName} in ${path.basename(file)} cannot be unpacked (${(cause as Error).message}).`,
      { cause },
    );
  }
}

/** The newest backup, or the newest whose name begins with `at` (a day: 20261128). Throws `not-found`. */
export async function findBackup(source: BackupSource, at: string | undefined): Promise<Backup> {
  const name = source.names.filter((one) => at === undefined || one.startsWith(at)).at(-1);
  if (name !== undefined) return source.read(name);
  throw new DomainError(
    'not-found',
    source.names.length === 0
      ? 'There is no backup in it that was finished.'
      : `No backup begins with "${at}"; there are ${source.names.slice(-20).join(', ')}.`,
  );
}
