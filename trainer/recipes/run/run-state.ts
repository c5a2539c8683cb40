import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type BackendName, defaultBackend } from '../../backends/choose.ts';
import { readTrainerState } from '../../checkpoint.ts';
import type { TrainEvent } from '../../events.ts';
import { sha256OfFile } from '../../manifest.ts';
import type { AdamWState } from '../../optim/adamw.ts';

/** What every resumable checkpoint remembers of its run; recipes add their own fields. */
export const runStateSchema = z.strictObject({
  /** optimizer steps (pretrain, sft, reward) or rollouts (ppo) done */
  step: z.number().int().min(0),
  /** the resolved config, compared on resume */
  config: z.unknown(),
  /** hash of the data, compared on resume */
  dataSha256: z.string(),
  /** what computed the steps before it; null in checkpoints from before this was kept */
  backend: z.string().nullable().default(null),
  /** hash of the base's weights where an adapter is trained on it, compared on resume */
  baseSha256: z.string().nullable().default(null),
});
export type RunState = z.output<typeof runStateSchema>;
/** What is left of a recipe's state without what says which run it is: the step and the recipe's own fields. */
export type Progress<State extends RunState> = Omit<State, Exclude<keyof RunState, 'step'>>;
const madeOnSchema = z.object({ backend: runStateSchema.shape.backend });

/** Hash of everything that a run trains on. */
export function dataHash(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex');
}

/** Hash of a folder's weights: an adapter goes on from the base that it began on, and from no other. */
export function baseHash(modelFolder: string): string {
  const files = readdirSync(modelFolder).filter((file) => file.endsWith('.safetensors'));
  return dataHash(files.sort().map((file) => sha256OfFile(join(modelFolder, file))));
}

/** @throws when an adapter's base has changed since the checkpoint: what was learnt would be added to something else */
export function assertSameBase(
  saved: { baseSha256: string | null },
  run: { baseSha256: string | null; modelFolder: string | null; folder: string },
): void {
  if (saved.baseSha256 === run.baseSha256) return;
  throw new Error(
    `${run.folder}: the adapter was trained on other weights than those in ${run.modelFolder} (sha256 ${saved.baseSha256}, now ${run.baseSha256})`,
  );
}

/** @throws when a checkpoint belongs to a run with another config or other data: the two halves would not be one run */
export function assertSameRun(
  saved: { config?: unknown; dataSha256: string },
  run: { config: unknown; schema: z.ZodType; dataSha256: string; folder: string },
): void {
  // a field that came after the checkpoint was written has the default: what every run did before there was a choice
  const completed = run.schema.safeParse(saved.config);
  const changed = differences(completed.success ? completed.data : saved.config, run.config);
  if (changed.length > 0)
    throw new Error(`${run.folder}: the checkpoint was made with another config: ${changed.join('; ')}`);
  if (saved.dataSha256 !== run.dataSha256) {
    throw new Error(
      `${run.folder}: the checkpoint was made with other data (sha256 ${saved.dataSha256}, now ${run.dataSha256})`,
    );
  }
}

/**
 * The backend of a run from the command line or the worker: the one asked for, otherwise the one that its checkpoint was made
 * on, otherwise the default.
 */
export function runBackend(requested: string | undefined, resumeFrom: string | null): string {
  if (requested !== undefined) return requested;
  return defaultBackend(
    resumeFrom === null ? null : readTrainerState(resumeFrom, madeOnSchema).state.backend,
  );
}

/** What a resumed run says first when it goes on with another backend than its checkpoint was made on. */
export function* warnOfOtherBackend(
  saved: { step: number; backend: string | null },
  backend: BackendName,
): Generator<TrainEvent> {
  if (saved.backend === null || saved.backend === backend) return;
  const message = `the checkpoint was made with backend ${saved.backend} and the run goes on with ${backend}: from here its numbers are no longer bit for bit those of an uninterrupted run`;
  yield { type: 'warning', step: saved.step, message };
}

/** The saved state of one optimizer. @throws when the checkpoint has none of that name */
export function savedOptimizer(
  optimizers: Record<string, AdamWState>,
  name: string,
  folder: string,
): AdamWState {
  const state = optimizers[name];
  if (!state)
    throw new Error(
      `${folder}: no state of optimizer '${name}', only of ${Object.keys(optimizers).join(', ')}`,
    );
  return state;
}

/** Fields of two configs that differ, with both values: `optimizer.learningRate was 0.001, now 0.002`. */
function differences(before: unknown, now: unknown, path = ''): string[] {
  const isGroup = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isGroup(before) && isGroup(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
    return keys.flatMap((key) => differences(before[key], now[key], path ? `${path}.${key}` : key));
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(now)];
  return was === is ? [] : [`${path || 'config'} was ${was ?? 'absent'}, now ${is ?? 'absent'}`];
}
