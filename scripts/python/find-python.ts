import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../lib/cache-folder.ts';

/** Folder of the Python environment that `npm run python` makes. */
export function pythonFolder(): string {
  return join(cacheFolder(), 'python');
}

/** Its interpreter, by the platform's layout of virtual environments. */
export function pythonOf(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

/** Lists what has been installed into the environment; there once an installation has gone through. */
export const INSTALLED_FILE = 'plumbline-requirements.txt';

/**
 * The Python with torch and transformers: PLUMBLINE_PYTHON, otherwise the environment of `npm run python`; null where
 * neither is there.
 * @throws Error when PLUMBLINE_PYTHON names a file that does not exist
 */
export function findPython(): string | null {
  const given = process.env.PLUMBLINE_PYTHON;
  if (given) {
    if (!existsSync(given)) throw new Error(`PLUMBLINE_PYTHON is ${given}, which does not exist`);
    return given;
  }
  return existsSync(join(pythonFolder(), INSTALLED_FILE)) ? pythonOf(pythonFolder()) : null;
}
