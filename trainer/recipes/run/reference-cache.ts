/** What a run measures once of its frozen reference, kept in the cache folder: a second run on the same rows need not. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../lib/cache-folder.ts';
import { readSafetensors, writeSafetensors } from '../../model/files/safetensors.ts';
import { dataHash } from './run-state.ts';

/** Files kept; the least recently written go first. A million completions take 4 MB. */
const MOST_FILES = 64;

type Measured = Record<string, Float32Array>;

/**
 * The measurements under this key from the cache, or made and kept there.
 *
 * @param key all that they depend on: weights (by hash), backend, precision, rows
 * @param sizes length of each measurement; a file that has others is not believed
 */
export async function measureOnce<Names extends string>(
  key: unknown,
  sizes: Record<Names, number>,
  measure: () => Promise<Record<Names, Float32Array>>,
): Promise<Record<Names, Float32Array>> {
  const folder = join(cacheFolder(), 'reference');
  const file = join(folder, `${dataHash(key)}.safetensors`);
  const kept = readKept(file, sizes);
  if (kept) return kept as Record<Names, Float32Array>;
  const measured = await measure();
  keep(folder, file, measured);
  return measured;
}

function readKept(file: string, sizes: Record<string, number>): Measured | null {
  if (!existsSync(file)) return null;
  try {
    const tensors = readSafetensors(file);
    const entries = Object.entries(sizes).map(([name, size]) => {
      const { data } = tensors.get(name) ?? { data: null };
      if (!(data instanceof Float32Array) || data.length !== size)
        throw new Error(`${file}: no ${size} ${name}`);
      return [name, data] as const;
    });
    return Object.fromEntries(entries);
  } catch {
    // damaged or of another version: it is measured again
    return null;
  }
}

function keep(folder: string, file: string, measured: Measured): void {
  const tensors = Object.fromEntries(
    Object.entries(measured).map(([name, data]) => [name, { shape: [data.length], data }]),
  );
  const partial = `${file}.${process.pid}.partial`;
  try {
    mkdirSync(folder, { recursive: true });
    writeSafetensors(partial, tensors);
    renameSync(partial, file);
    const files = readdirSync(folder).map((name) => join(folder, name));
    const byAge = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    for (const old of byAge.slice(MOST_FILES)) rmSync(old, { force: true });
  } catch {
    // a full or read-only cache costs the next run a measurement, this one nothing
    if (existsSync(partial)) rmSync(partial);
  }
}
