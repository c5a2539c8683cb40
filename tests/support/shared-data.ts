/** Optional data that lies beside the repository (golden tensors, real preference files), for tests only. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));
const announced = new Set<string>();

/**
 * Absolute path of `../shared/<parts>` (relative to the repository), or null where it is absent; a test skips itself
 * then, after one printed line. With CI=true, or where `../shared` exists, absence is an error: nothing skips in silence.
 */
export function sharedPath(...parts: string[]): string | null {
  const path = join(SHARED, ...parts);
  if (existsSync(path)) return path;
  const shown = join('../shared', ...parts);
  if (process.env.CI === 'true' || existsSync(SHARED))
    throw new Error(`tests need ${shown}, which does not exist`);
  if (!announced.has(shown)) console.warn(`skipped: ${shown} is not there`);
  announced.add(shown);
  return null;
}
