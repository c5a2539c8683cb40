import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where downloads and builds outside the repository are kept: PLUMBLINE_CACHE, otherwise ~/.cache/plumbline. */
export function cacheFolder(wish: string | undefined = process.env.PLUMBLINE_CACHE): string {
  return wish ? resolve(wish) : join(homedir(), '.cache', 'plumbline');
}
