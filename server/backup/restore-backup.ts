import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { hashPieces } from '../../lib/hash-file.ts';
import { DomainError } from '../errors.ts';
import type { Backup } from './format.ts';
import type { BackupSource } from './open-backup.ts';
import { syncFolder } from './sync-folder.ts';

/** files in here are the same bytes as files elsewhere, and stored once (models/weights-store.ts) */
const WEIGHTS = 'weights/';

/**
 * Puts a backup into an empty folder, which is then a data folder as it was. Every byte is held against its hash on the way; the
 * database comes last, so that a folder of a restore that broke off is none. Throws `conflict` for a folder that is not empty and
 * `invalid` for a backup that is damaged; what was written is removed then.
 */
export async function restoreBackup(
  { from, backup, dataFolder }: { from: BackupSource; backup: Backup; dataFolder: string },
  onProgress: (done: number, total: number) => void = () => {},
): Promise<void> {
  const target = path.resolve(dataFolder);
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new DomainError(
      'conflict',
      `${target} is not empty: a backup is restored into an empty folder only.`,
    );
  mkdirSync(target, { recursive: true, mode: 0o700 });
  chmodSync(target, 0o700);
  const { files, database } = backup.manifest;
  // weights come last: they are links to what was restored before
  const ordered = [...files].sort(
    (a, b) => Number(a.path.startsWith(WEIGHTS)) - Number(b.path.startsWith(WEIGHTS)),
  );
  const restored = new Map<string, string>();
  try {
    for (const [index, file] of ordered.entries()) {
      onProgress(index, files.length + 1);
      const to = path.join(target, file.path);
      const twin = file.path.startsWith(WEIGHTS) ? restored.get(file.sha256) : undefined;
      if (twin === undefined || !link(twin, to)) await copyChecked(from, file, to);
      restored.set(file.sha256, to);
    }
    const partial = path.join(target, `${database.path}.part`);
    await copyChecked(from, { ...database, path: database.path }, partial);
    await rename(partial, path.join(target, database.path));
    syncFolder(target);
    onProgress(files.length + 1, files.length + 1);
  } catch (error) {
    for (const name of readdirSync(target)) rmSync(path.join(target, name), { recursive: true });
    throw error;
  }
}

/** False where the file system knows no hard links: then there are two copies. */
function link(from: string, to: string): boolean {
  mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
  try {
    // nothing writes into weights, whichever name it is opened by
    chmodSync(from, 0o400);
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

async function copyChecked(
  from: BackupSource,
  { path: name, sha256, bytes }: { path: string; sha256: string; bytes: number },
  to: string,
): Promise<void> {
  mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
  const pieces = await from.open(sha256);
  if (pieces === null)
    throw new DomainError(
      'invalid',
      `The backup is damaged: the contents of ${name} (${sha256}) are missing.`,
    );
  const handle = await open(to, 'wx', 0o600);
  try {
    const copied = await hashPieces(pieces, (piece) => handle.writeFile(piece));
    if (copied.sha256 !== sha256 || copied.bytes !== bytes)
      throw new DomainError(
        'invalid',
        `The backup is damaged: ${name} has the sha256 ${copied.sha256} and ${copied.bytes} bytes, recorded were ${sha256} and ${bytes}.`,
      );
    await handle.sync();
  } finally {
    await handle.close();
  }
}
