import { accessSync, constants, existsSync, mkdirSync, statfsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where the library is kept, outside of the repository: PLUMBLINE_CACHE, otherwise ~/.cache/plumbline. */
export function cacheFolder(wish: string | undefined = process.env.PLUMBLINE_CACHE): string {
  return wish ? resolve(wish) : join(homedir(), '.cache', 'plumbline');
}

/**
 * Makes a folder below the cache and sees that it can be written to.
 * @throws Error in one line that names PLUMBLINE_CACHE
 */
export function makeFolder(folder: string): void {
  try {
    makeMissing(folder);
    if (!statSync(folder).isDirectory()) throw new Error('not a folder');
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const reason = (cause as Error).message.replace(/, \w+ '.*$/s, '');
    throw new Error(`${folder} cannot be written to (${reason}): PLUMBLINE_CACHE names a folder that can`, {
      cause,
    });
  }
}

/** @throws Error in one line when fewer than `neededMb` are free there */
export function checkDiskSpace(folder: string, neededMb: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const freeMb = Math.floor((bavail * bsize) / 2 ** 20);
  if (freeMb < neededMb)
    throw new Error(`${folder}: ${freeMb} MB are free, ${neededMb} MB are needed (PLUMBLINE_CACHE moves it)`);
}

/** One folder after the other: mkdir's own recursive mode never returns in places such as /proc. */
function makeMissing(folder: string): void {
  if (existsSync(folder)) return;
  makeMissing(dirname(folder));
  mkdirSync(folder);
}
