import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';

const OTHERS = 0o077;

/**
 * Takes everybody else's rights from a data folder and all that is in it, which an earlier version or an unpacked archive may have
 * left. Returns how many files and folders it changed; one that belongs to somebody else stays as it is, inside a folder that is shut.
 */
export function tightenModes(dataFolder: string): number {
  let changed = 0;
  const tighten = (file: string) => {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (!stats || stats.isSymbolicLink()) return;
    if ((stats.mode & OTHERS) !== 0) changed += Number(shut(file, stats.mode));
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(file)) tighten(path.join(file, name));
  };
  tighten(path.resolve(dataFolder));
  return changed;
}

function shut(file: string, mode: number): boolean {
  try {
    chmodSync(file, mode & 0o777 & ~OTHERS);
    return true;
  } catch (error) {
    if (['EPERM', 'EROFS', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
