import { existsSync, mkdirSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { hashFile } from '../../lib/hash-file.ts';
import { newId } from '../../lib/new-id.ts';
import { OBJECT_FOLDER, objectFile } from './format.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * Copies a file into a backup folder under its hash, which is taken of the bytes that are copied; one that is there already stays.
 * On the disk when it returns. Throws what the file system does, ENOENT for a file that is gone.
 */
export async function storeObject(
  folder: string,
  source: string,
): Promise<{ sha256: string; bytes: number; isNew: boolean }> {
  const part = path.join(folder, OBJECT_FOLDER, `${newId('object')}.part`);
  const target = await open(part, 'wx', 0o400);
  try {
    const { sha256, bytes } = await hashFile(source, (piece) => target.writeFile(piece));
    const file = objectFile(folder, sha256);
    if (hasObject(folder, { sha256, bytes })) {
      await target.close();
      await rm(part);
      return { sha256, bytes, isNew: false };
    }
    await target.sync();
    await target.close();
    if (!existsSync(path.dirname(file))) {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      syncFolder(path.join(folder, OBJECT_FOLDER));
    }
    await rename(part, file);
    syncFolder(path.dirname(file));
    return { sha256, bytes, isNew: true };
  } catch (error) {
    await target.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error;
  }
}

/** Whether contents of this hash and length are there; whether they are still what the hash says, `verify` tells. */
export function hasObject(folder: string, { sha256, bytes }: { sha256: string; bytes: number }): boolean {
  return statSync(objectFile(folder, sha256), { throwIfNoEntry: false })?.size === bytes;
}
