/** What a run measures once of its frozen reference, kept in the cache folder: a second run on the same rows need not. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../lib/cache-folder.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { readSafetensors, writeSafetensors } from '../../model/files/safetensors.ts';
import { disposeParams, type Params } from '../../model/params.ts';
import type { Run } from './open-run.ts';
import { baseHash, dataHash } from './run-state.ts';

/** Files kept; the least recently written go first. A million completions take 4 MB. */
const MOST_FILES = 64;

type Measured = Record<string, Float32Array>;

/**
 * What is measured of the model that the run started as: the base under an adapter, otherwise the weights as they are before
 * the first step, or, for a run that goes on, its model folder read once more. From the cache where it is there.
 *
 * @param of.base the run's weights as they were opened; under an adapter the base
 * @param of.rows all that is measured there depends on, beside weights, backend and precision
 * @param sizes length of each measurement
 */
export async function measureReference<Names extends string>(
  run: Run,
  of: { modelFolder: string; base: { params: Params }; precision: string; rows: unknown },
  sizes: Record<Names, number>,
  measure: (reference: Params) => Promise<Record<Names, Float32Array>>,
): Promise<Record<Names, Float32Array>> {
  const { modelFolder, base, precision, rows } = of;
  const key = { base: baseHash(modelFolder), backend: run.backend, precision, rows };
  return await measureOnce(key, sizes, async () => {
    if (run.baseSha256 !== null || run.folders.resumeFrom === null) return await measure(base.params);
    const { params } = loadPretrained(modelFolder);
    try {
      return await measure(params);
    } finally {
      disposeParams(params);
    }
  });
}

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
