import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DomainError } from '../errors.ts';
import { backupNames, MANIFEST_FOLDER, OBJECT_FOLDER, readBackup } from './format.ts';

/**
 * Deletes all but the newest `keep` backups and the contents that only those had. The caller holds the folder's lock. Where a
 * manifest that stays cannot be read nothing is deleted: what it names is not known. Returns the deleted names.
 */
export function pruneBackups(folder: string, keep: number): string[] {
  const names = backupNames(folder);
  const deleted = names.slice(0, Math.max(0, names.length - Math.max(1, keep)));
  if (deleted.length === 0) return [];
  const needed = new Set<string>();
  try {
    for (const name of names.slice(deleted.length)) {
      const { database, files } = readBackup(folder, name).manifest;
      needed.add(database.sha256);
      for (const { sha256 } of files) needed.add(sha256);
    }
  } catch (error) {
    if (error instanceof DomainError) return [];
    throw error;
  }
  // first the manifests: killed on the way, contents that nobody names are left, and no backup that lacks some
  for (const name of deleted) rmSync(path.join(folder, MANIFEST_FOLDER, name));
  const objects = path.join(folder, OBJECT_FOLDER);
  for (const beginning of readdirSync(objects))
    for (const hash of readdirSync(path.join(objects, beginning)))
      if (!needed.has(hash)) rmSync(path.join(objects, beginning, hash));
  return deleted;
}
