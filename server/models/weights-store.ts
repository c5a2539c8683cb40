/**
 * Weights of registered models, stored once however many projects have them: `weights/<sha256>` below the data folder is a hard
 * link to the same bytes as the file in each checkpoint's folder. A folder may be deleted at any moment; the others keep theirs.
 */
import { chmodSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { newId } from '../../lib/new-id.ts';

const FOLDER = 'weights';
/** What file systems without hard links say; then each folder keeps a copy. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EMLINK']);

/**
 * Replaces a file by a link to the stored one with the same hash, or stores it. `hashOf` hashes a stored file, which is not
 * trusted: where it was damaged this file takes its place. Returns whether the bytes were there already.
 */
export function storeWeights(
  dataFolder: string,
  { file, sha256, hashOf }: { file: string; sha256: string; hashOf: (file: string) => string },
): boolean {
  const stored = path.join(dataFolder, FOLDER, sha256);
  mkdirSync(path.dirname(stored), { recursive: true, mode: 0o700 });
  // nothing writes into weights: a program that tries would change every project's
  chmodSync(file, 0o400);
  try {
    if (addLink(file, stored)) return false;
    if (statSync(stored).ino === statSync(file).ino) return true;
    const [from, to] = hashOf(stored) === sha256 ? [stored, file] : [file, stored];
    const temporary = `${to}.${newId('link')}`;
    linkSync(from, temporary);
    renameSync(temporary, to);
    return from === stored;
  } catch (error) {
    if (NO_LINKS.has(codeOf(error))) return false;
    // swept away just now: this file is the first again
    if (codeOf(error) === 'ENOENT') return !addLink(file, stored);
    throw error;
  }
}

/** Removes stored weights that no checkpoint's folder holds any more. Returns how many. */
export function sweepWeights(dataFolder: string): number {
  const folder = path.join(dataFolder, FOLDER);
  let removed = 0;
  for (const name of namesIn(folder)) {
    const file = path.join(folder, name);
    try {
      // linked meanwhile, only the name for others to find goes: the folder that linked it keeps the bytes
      if (statSync(file).nlink !== 1) continue;
      rmSync(file);
      removed++;
    } catch (error) {
      // another process swept it
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return removed;
}

/** False when there is one of that name already. */
function addLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // nothing was stored yet
    return [];
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
