import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '../../lib/new-id.ts';
import { databaseFile } from '../data-folder.ts';
import { DomainError } from '../errors.ts';
import { copyDatabaseOnline } from './copy-database.ts';
import {
  type BackupManifest,
  backupNames,
  isBackupFolder,
  MANIFEST_FOLDER,
  markOf,
  OBJECT_FOLDER,
  readBackup,
} from './format.ts';
import { filesOf } from './list-files.ts';
import { pruneBackups } from './prune.ts';
import { sealManifest } from './seal-manifest.ts';
import { hasObject, storeObject } from './store-object.ts';
import { syncFolder } from './sync-folder.ts';
import { LOCK_FILE, takeLock } from './take-lock.ts';

export type BackupProgress = { stage: 'database' | 'files'; done: number; total: number };
export type BackupReport = {
  name: string;
  manifest: BackupManifest;
  /** what had to be copied; the rest was there from earlier backups */
  newBytes: number;
  /** earlier backups that were deleted, since only so many are kept */
  deleted: string[];
};
type BackupOptions = {
  dataFolder: string;
  out: string;
  now: () => number;
  /** older backups beyond so many are deleted; all stay when not given */
  keep?: number;
  onProgress?: (progress: BackupProgress) => void;
};

/**
 * Backs a data folder up into a folder, while web and worker go on: first the signed heads, then the database as it is at this moment,
 * then the files, which were all there before the row that names them. What an earlier backup in the same folder has (by path, length and time; contents
 * by hash) is not copied again. Everything is on the disk before the manifest is, and a backup that breaks off leaves the earlier
 * ones whole. Throws `invalid` for a folder that holds other things, `conflict` while another backup is made into it.
 */
export async function writeBackup(options: BackupOptions): Promise<BackupReport> {
  const { dataFolder, now, keep } = options;
  const out = path.resolve(options.out);
  requireOther(out, dataFolder);
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const unlock = takeLock(path.join(out, LOCK_FILE), out);
  try {
    await prepare(out);
    sweepUnfinished(out);
    const createdAt = new Date(now()).toISOString();
    const known = knownFiles(out);
    // what says how far the log has come must not be newer than the log
    const { heads, rest } = filesOf(dataFolder, out);
    const early = await storeFiles(options, { out, known, paths: heads() });
    const database = await storeDatabase(options, out);
    const later = await storeFiles(options, { out, known, paths: rest() });
    const newBytes = early.newBytes + later.newBytes;
    const { name, text, manifest } = sealManifest({
      createdAt,
      database,
      files: [...early.files, ...later.files],
      leftOut: [...early.leftOut, ...later.leftOut],
    });
    await writeDurably(path.join(out, MANIFEST_FOLDER, name), text);
    const deleted = keep === undefined ? [] : pruneBackups(out, keep);
    return { name, manifest, newBytes: newBytes + (database.isNew ? database.bytes : 0), deleted };
  } finally {
    unlock();
  }
}

function requireOther(out: string, dataFolder: string): void {
  if (out === path.resolve(dataFolder))
    throw new DomainError('invalid', `${out} is the data folder itself: a backup goes into another folder.`);
  if (existsSync(out) && !statSync(out).isDirectory())
    throw new DomainError(
      'invalid',
      `${out} is a file; expected a folder. A backup in one file has a name of its own that ends in .zip.`,
    );
}

/** Marks the folder first: one that is left half made is known again. The lock is held. */
async function prepare(out: string): Promise<void> {
  const { file, text } = markOf(out);
  if (!isBackupFolder(out)) {
    const others = readdirSync(out).filter((name) => name !== LOCK_FILE && !name.endsWith('.part'));
    if (others.length > 0)
      throw new DomainError(
        'invalid',
        `${out} holds other things (${others[0]}); expected an empty folder or one of backups.`,
      );
    await writeDurably(file, text);
  }
  for (const folder of [MANIFEST_FOLDER, OBJECT_FOLDER])
    mkdirSync(path.join(out, folder), { recursive: true, mode: 0o700 });
}

/** What a backup before this one left when it was killed. The lock is held. */
function sweepUnfinished(out: string): void {
  for (const folder of [MANIFEST_FOLDER, OBJECT_FOLDER])
    for (const name of readdirSync(path.join(out, folder)))
      if (/\.part(-journal|-wal|-shm)?$/.test(name)) rmSync(path.join(out, folder, name));
}

type FileEntry = BackupManifest['files'][number];

/** Files of the newest backup that can be read, by path. A damaged manifest only means that all is read again. */
function knownFiles(out: string): Map<string, FileEntry> {
  for (const name of backupNames(out).reverse()) {
    try {
      return new Map(readBackup(out, name).manifest.files.map((file) => [file.path, file]));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    }
  }
  return new Map();
}

async function storeDatabase({ dataFolder, onProgress }: BackupOptions, out: string) {
  const part = path.join(out, OBJECT_FOLDER, `${newId('database')}.part`);
  try {
    const copy = await copyDatabaseOnline(databaseFile(dataFolder), part, (done, total) =>
      onProgress?.({ stage: 'database', done, total }),
    );
    return { ...copy, ...(await storeObject(out, part)) };
  } finally {
    rmSync(part, { force: true });
  }
}

async function storeFiles(
  { dataFolder, onProgress }: BackupOptions,
  { out, known, paths }: { out: string; known: Map<string, FileEntry>; paths: string[] },
): Promise<{ files: FileEntry[]; leftOut: string[]; newBytes: number }> {
  const files: FileEntry[] = [];
  const leftOut: string[] = [];
  let newBytes = 0;
  for (const [index, name] of paths.entries()) {
    onProgress?.({ stage: 'files', done: index, total: paths.length });
    try {
      const source = path.join(dataFolder, name);
      const { size, mtimeMs } = statSync(source);
      const earlier = known.get(name);
      if (earlier?.bytes === size && earlier.mtime_ms === mtimeMs && hasObject(out, earlier)) {
        files.push(earlier);
        continue;
      }
      const { sha256, bytes, isNew } = await storeObject(out, source);
      files.push({ path: name, sha256, bytes, mtime_ms: mtimeMs });
      if (isNew) newBytes += bytes;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      leftOut.push(name);
    }
  }
  onProgress?.({ stage: 'files', done: paths.length, total: paths.length });
  return { files, leftOut, newBytes };
}

/** On the disk under its own name, or not there. */
async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.part`, 'w', 0o600);
  await handle.writeFile(text);
  await handle.sync();
  await handle.close();
  await rename(`${file}.part`, file);
  syncFolder(path.dirname(file));
}
