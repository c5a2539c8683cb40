import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openReadOnly } from '../../db/open-read-only.ts';
import { hashFile } from '../../lib/hash-file.ts';
import type { Finding } from '../audit/schemas.ts';
import { databaseFile } from '../data-folder.ts';
import { DomainError } from '../errors.ts';
import { type DataFolderReport, verifyDataFolder } from '../verify/verify-data-folder.ts';
import { type Backup, type BackupManifest, backupNames, objectFile, readBackup } from './format.ts';
import { type BackupSource, findBackup } from './open-backup.ts';
import { restoreBackup } from './restore-backup.ts';

export type BackupCheck = {
  backups: number;
  files: number;
  newest: DataFolderReport | null;
  broken: Finding | null;
};

/**
 * Checks a backup folder: each manifest against the hash in its name, all contents that one names against their hashes, and the
 * newest backup as the data folder that it would be restored to.
 */
export async function verifyBackup(
  folder: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<BackupCheck> {
  const names = backupNames(folder);
  const check: BackupCheck = { backups: 0, files: 0, newest: null, broken: null };
  const backups: Backup[] = [];
  for (const name of names) {
    try {
      backups.push(readBackup(folder, name));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { ...check, broken: { kind: 'manifest', where: name, problem: error.message } };
    }
  }
  check.backups = backups.length;
  const newest = backups.at(-1);
  if (!newest)
    return {
      ...check,
      broken: { kind: 'manifest', where: folder, problem: 'it holds no backup that was finished' },
    };
  const contents = contentsOf(backups);
  for (const [sha256, { bytes, path: name }] of contents) {
    onProgress(check.files, contents.size);
    const problem = await problemWith(folder, { sha256, bytes });
    if (problem !== null) return { ...check, broken: { kind: 'file', where: name, problem } };
    check.files += 1;
  }
  onProgress(check.files, contents.size);
  const report = await asDataFolder(folder, newest.manifest);
  return { ...check, newest: report, broken: report.broken };
}

/**
 * Checks a backup in one file: its manifest against the hash in its name, and the data folder that it is restored to, in a scratch folder,
 * every byte of it against its hash.
 */
export async function verifyBackupFile(
  source: BackupSource,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<BackupCheck> {
  const check: BackupCheck = { backups: source.names.length, files: 0, newest: null, broken: null };
  const scratch = mkdtempSync(path.join(tmpdir(), 'plumbline-verify-'));
  try {
    const backup = await findBackup(source, undefined);
    await restoreBackup({ from: source, backup, dataFolder: scratch }, (done, total) => {
      check.files = done;
      onProgress(done, total);
    });
    const open = openReadOnly(databaseFile(scratch));
    try {
      const newest = await verifyDataFolder(open.db, scratch);
      return { ...check, newest, broken: newest.broken };
    } finally {
      open.close();
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return {
      ...check,
      broken: { kind: 'file', where: source.names.at(-1) ?? 'backup', problem: error.message },
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Each content once, with a path that it is found under. */
function contentsOf(backups: Backup[]): Map<string, { bytes: number; path: string }> {
  const contents = new Map<string, { bytes: number; path: string }>();
  for (const { manifest } of backups)
    for (const { sha256, bytes, path: name } of [manifest.database, ...manifest.files])
      contents.set(sha256, { bytes, path: name });
  return contents;
}

async function problemWith(
  folder: string,
  { sha256, bytes }: { sha256: string; bytes: number },
): Promise<string | null> {
  const file = objectFile(folder, sha256);
  if (!existsSync(file)) return `its contents (${sha256}) are missing`;
  const found = await hashFile(file);
  return found.sha256 === sha256 && found.bytes === bytes
    ? null
    : `its sha256 is ${found.sha256} (${found.bytes} bytes), recorded ${sha256} (${bytes} bytes)`;
}

/** The backup as verify sees a data folder: links to the contents under their paths, in a scratch folder. */
async function asDataFolder(folder: string, { database, files }: BackupManifest): Promise<DataFolderReport> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'plumbline-verify-'));
  try {
    for (const { path: name, sha256 } of [database, ...files]) {
      const target = path.join(scratch, name);
      mkdirSync(path.dirname(target), { recursive: true });
      symlinkSync(objectFile(path.resolve(folder), sha256), target);
    }
    const open = openReadOnly(databaseFile(scratch));
    try {
      return await verifyDataFolder(open.db, scratch);
    } finally {
      open.close();
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
