import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloads and builds outside the repository are kept: PLUMBLINE_CACHE, otherwise ~/.cache/plumbline. */
export function cacheFolder(): string {
  return process.env.PLUMBLINE_CACHE ?? join(homedir(), '.cache', 'plumbline');
}
