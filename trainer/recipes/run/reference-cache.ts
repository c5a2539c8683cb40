/** What a run measures once of its frozen reference, kept in the cache folder: a second run on the same rows need not. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { cacheFolder } from '../../../lib/cache-folder.ts';
import type { TrainEvent } from '../../events.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { readSafetensors, writeSafetensors } from '../../model/files/safetensors.ts';
import { disposeParams, type Params } from '../../model/params.ts';
import type { Run } from './open-run.ts';
import { baseHash, dataHash } from './run-state.ts';

/** Files kept; the least recently written go first. A million completions take 4 MB. */
const MOST_FILES = 64;

/** How often is said how far a measurement is, and asked whether to go on. */
const MS_BETWEEN_EVENTS = 1000;

type Measured<Names extends string = string> = Record<Names, Float32Array>;

/** A measurement in parts: yields how many rows are done. */
type Measuring<Names extends string> = AsyncGenerator<number, Measured<Names>>;

/**
 * What is measured of the model that the run started as: the base under an adapter, otherwise the weights as they are before
 * the first step, or, for a run that goes on, its model folder read once more. From the cache where it is there. Yields how far
 * it is.
 *
 * @param of.base the run's weights as they were opened; under an adapter the base
 * @param of.rows all that is measured there depends on, beside weights, backend and precision
 * @param of.numRows how many rows `measure` counts up to
 * @param sizes length of each measurement
 * @returns null when `signal` ended it: then nothing is kept, and a run that goes on measures from the start
 */
export async function* measureReference<Names extends string>(
  run: Run,
  of: {
    modelFolder: string;
    base: { params: Params };
    precision: string;
    rows: unknown;
    numRows: number;
    /** of the run, done already */
    step: number;
  },
  sizes: Record<Names, number>,
  { measure, signal }: { measure: (reference: Params) => Measuring<Names>; signal: AbortSignal },
): AsyncGenerator<TrainEvent, Measured<Names> | null> {
  const { modelFolder, base, precision, rows, numRows: total, step } = of;
  const key = { base: baseHash(modelFolder), backend: run.backend, precision, rows };
  const about = { phase: 'reference', step, total } as const;
  const isAtStart = run.baseSha256 !== null || run.folders.resumeFrom === null;
  return yield* measureOnce(key, sizes, async function* () {
    const { params } = isAtStart ? base : loadPretrained(modelFolder);
    try {
      return yield* tellProgress(measure(params), about, signal);
    } finally {
      if (!isAtStart) disposeParams(params);
    }
  });
}

/** A measurement with an event now and then; null when `signal` ended it. */
async function* tellProgress<Names extends string>(
  measuring: Measuring<Names>,
  about: { phase: 'reference'; step: number; total: number },
  signal: AbortSignal,
): AsyncGenerator<TrainEvent, Measured<Names> | null> {
  const start = performance.now();
  let told = start;
  for (;;) {
    if (signal.aborted) return null;
    const next = await measuring.next();
    if (next.done) return next.value;
    const now = performance.now();
    if (now - told < MS_BETWEEN_EVENTS) continue;
    told = now;
    yield { type: 'progress', ...about, done: next.value, seconds: (now - start) / 1000 };
    // a signal of the system is heard only here: the passes leave no room for it
    await otherWork();
  }
}

/**
 * The measurements under this key from the cache, or made and kept there; null when `measure` gives null.
 *
 * @param key all that they depend on: weights (by hash), backend, precision, rows
 * @param sizes length of each measurement; a file that has others is not believed
 */
export async function* measureOnce<Names extends string, Event>(
  key: unknown,
  sizes: Record<Names, number>,
  measure: () => AsyncGenerator<Event, Measured<Names> | null>,
): AsyncGenerator<Event, Measured<Names> | null> {
  const folder = join(cacheFolder(), 'reference');
  const file = join(folder, `${dataHash(key)}.safetensors`);
  const kept = readKept(file, sizes);
  if (kept) return kept as Measured<Names>;
  const measured = yield* measure();
  if (measured) keep(folder, file, measured);
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
