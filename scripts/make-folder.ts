import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

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

/** One folder after the other: mkdir's own recursive mode never returns in places such as /proc. */
function makeMissing(folder: string): void {
  if (existsSync(folder)) return;
  makeMissing(dirname(folder));
  mkdirSync(folder);
}
