/** The two halves of registering a model, for the worker's jobs and for the command line. */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { type CheckpointOrigin, registrations } from '../../../db/schema/models.ts';
import { modelFileKind } from '../../../lib/model-files.ts';
import { newId } from '../../../lib/new-id.ts';
import { ADAPTER_FOLDER, syncPath, syncTree } from '../../../trainer/checkpoint.ts';
import { sha256OfFile, writeManifest } from '../../../trainer/manifest.ts';
import type { Ctx } from '../../context.ts';
import { PermanentJobError } from '../../jobs/permanent-job-error.ts';
import { licenceOfCard, SOURCE_CARD_FILE } from '../../models/card-licence.ts';
import {
  type Checkpoint,
  checkpointFolder,
  getCheckpointInProject,
  verifyFolder,
} from '../../models/internal.ts';
import { registerCheckpoint, requireKindOfName } from '../../models/register.ts';
import { type Registration, registrationFolder, stagedFolder } from '../../models/registration.ts';
import { storeWeights, sweepWeights } from '../../models/weights-store.ts';
import { type GatherIo, gatherModel } from './gather-model.ts';
import type { Inspection, ProcessTask, Trial } from './process-task.ts';
import { runInProcess } from './run-in-process.ts';

/** A chat template or a pattern that loops for ever must not hold the lane for ever. */
const INSPECT_MS = 2 * 60_000;
const TRY_MS = 60 * 60_000;
/** Below the data folder: the folders of registered models. */
const REGISTERED = 'registered';

/** Gathers the files and checks all that can be without reading weights. Keeps what was found: kind, commit, licence. */
export async function stageModel(ctx: Ctx, row: Registration, io: GatherIo): Promise<Registration> {
  const { revision } = await gatherModel(ctx, row, io);
  io.tell({ phase: 'checking config, headers and tokenizer' });
  const folder = stagedFolder(ctx, row.id);
  const baseFolder = baseOf(ctx, row)?.folder ?? null;
  const inspection = await inProcess<Inspection>(
    { kind: 'inspect', task: { folder, kind: row.kind, baseFolder } },
    { signal: io.signal, limitMs: INSPECT_MS, names: namesFor(folder, baseFolder) },
  );
  const { kind } = inspection;
  if (kind !== 'adapter') requireKindOfName(ctx, { ...row, kind });
  keepOnly(folder, kind === 'adapter');
  return ctx.db.transaction(
    () =>
      ctx.db
        .update(registrations)
        .set({ kind, revision, licence: row.licence ?? licenceOfCard(folder) })
        .where(eq(registrations.id, row.id))
        .returning()
        .get(),
    { behavior: 'immediate' },
  );
}

/**
 * Reads the weights of a staged model, tries it out, gives its files their place and registers it. `finish` is called inside the
 * transaction and may refuse by returning false: the job went to another worker.
 */
export async function registerStaged(
  ctx: Ctx,
  row: Registration,
  io: { backend: string | null; tell: GatherIo['tell']; signal: AbortSignal; finish: () => boolean },
): Promise<{ checkpoint: Checkpoint; parameters: number } | null> {
  const staged = stagedFolder(ctx, row.id);
  const base = baseOf(ctx, row);
  removeEarlierAttempts(ctx, row);
  if (base) {
    io.tell({ phase: 'checking the base' });
    await verifyFolder(base.folder, base.checkpoint.manifestSha256);
  }
  io.tell({ phase: 'reading the weights and trying the model' });
  const merged = path.join(registrationFolder(ctx, row.id), 'merged');
  rmSync(merged, { recursive: true, force: true });
  const trial = await inProcess<Trial>(
    {
      kind: 'try',
      task: {
        backend: io.backend,
        modelFolder: base?.folder ?? staged,
        merge: base ? { adapterFolder: staged, out: merged } : null,
      },
    },
    { signal: io.signal, limitMs: TRY_MS, names: namesFor(staged, base?.folder ?? null) },
  );
  io.tell({ phase: 'storing' });
  if (base) addAdapter(merged, staged);
  const folder = place(ctx, row, base ? merged : staged);
  const origin: CheckpointOrigin = {
    ...{ source: row.source, kind: row.kind ?? trial.modelKind },
    ...{ revision: row.revision, licence: row.licence },
    ...{ architecture: trial.architecture, parameters: trial.parameters, sample: trial.sample },
    baseManifestSha256: base?.checkpoint.manifestSha256 ?? null,
  };
  let checkpoint: Checkpoint | null = null;
  try {
    checkpoint = ctx.db.transaction(
      () => {
        if (!io.finish()) return null;
        const registered = registerCheckpoint({
          ctx,
          input: {
            ...{ projectId: row.projectId, modelName: row.modelName, kind: trial.modelKind },
            ...{ folder, manifestSha256: null, step: 0, origin },
            ...{
              parentId: base?.checkpoint.id ?? null,
              rewardCheckpointId: null,
              snapshotId: null,
              runId: null,
            },
          },
        });
        ctx.db
          .update(registrations)
          .set({
            status: 'done',
            phase: 'done',
            checkpointId: registered.id,
            error: null,
            finishedAt: ctx.now(),
          })
          .where(eq(registrations.id, row.id))
          .run();
        return registered;
      },
      { behavior: 'immediate' },
    );
  } finally {
    if (checkpoint === null) rmSync(path.join(ctx.dataFolder, folder), { recursive: true, force: true });
  }
  if (checkpoint === null) return null;
  rmSync(registrationFolder(ctx, row.id), { recursive: true, force: true });
  sweepWeights(ctx.dataFolder);
  return { checkpoint, parameters: trial.parameters };
}

function baseOf(ctx: Ctx, row: Registration): { checkpoint: Checkpoint; folder: string } | null {
  if (row.baseCheckpointId === null) return null;
  const { projectId, baseCheckpointId: checkpointId } = row;
  const { checkpoint } = getCheckpointInProject(ctx, { projectId, checkpointId });
  return { checkpoint, folder: checkpointFolder(ctx.dataFolder, checkpoint.folder) };
}

/** Some folders hold a model and an adapter: only what was asked for is kept. */
function keepOnly(folder: string, isAdapter: boolean): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('adapter_') !== isAdapter && name !== SOURCE_CARD_FILE)
      rmSync(path.join(folder, name));
  }
}

/** The adapter stays beside the model it was merged into, as training with LoRA leaves it. */
function addAdapter(merged: string, staged: string): void {
  cpSync(staged, path.join(merged, ADAPTER_FOLDER), { recursive: true });
}

/** Writes the manifest, stores the weights by their hash and gives the folder its name. @returns it, below the data folder */
function place(ctx: Ctx, row: Registration, from: string): string {
  const { files } = writeManifest(from);
  for (const [name, { sha256 }] of Object.entries(files)) {
    if (modelFileKind(path.basename(name)) === 'weights')
      storeWeights(ctx.dataFolder, { file: path.join(from, name), sha256, hashOf: sha256OfFile });
  }
  syncTree(from);
  // a name of this attempt's own: one that was given up for dead may still be at it
  const folder = `${REGISTERED}/${newId(row.id)}`;
  const target = path.join(ctx.dataFolder, folder);
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
  renameSync(from, target);
  syncPath(path.dirname(target));
  return folder;
}

/** Folders of attempts that were killed before they could register: while the registration is open, none of its folders is one. */
function removeEarlierAttempts(ctx: Ctx, row: Registration): void {
  const registered = path.join(ctx.dataFolder, REGISTERED);
  if (!existsSync(registered)) return;
  for (const name of readdirSync(registered))
    if (name.startsWith(`${row.id}_`)) rmSync(path.join(registered, name), { recursive: true, force: true });
}

/** How folders are called in errors: where they lie on this machine helps nobody. */
function namesFor(folder: string, baseFolder: string | null): Record<string, string> {
  return { [folder]: 'the model', ...(baseFolder === null ? {} : { [baseFolder]: 'the base' }) };
}

/** Runs a task that gives one result, for at most so long. Throws PermanentJobError in words for what the model is at fault for. */
async function inProcess<T extends Inspection | Trial>(
  task: Extract<ProcessTask, { kind: 'inspect' | 'try' }>,
  { signal, limitMs, names }: { signal: AbortSignal; limitMs: number; names: Record<string, string> },
): Promise<T> {
  const limit = AbortSignal.timeout(limitMs);
  let result: Inspection | Trial | null = null;
  try {
    await runInProcess(task, {
      lost: AbortSignal.any([signal, limit]),
      onMessage(message) {
        if (message.type === 'inspected') result = message.inspection;
        else if (message.type === 'tried') result = message.trial;
        else throw new Error(`the checking process sent ${message.type}`);
        return { abort: false };
      },
    });
  } catch (error) {
    if (limit.aborted && !signal.aborted)
      throw new PermanentJobError(`Checking took longer than ${limitMs / 60_000} minutes and was ended.`);
    if (!(error instanceof PermanentJobError)) throw error;
    const message = Object.entries(names).reduce(
      (said, [folder, name]) => said.replaceAll(`${folder}/`, '').replaceAll(folder, name),
      error.message,
    );
    throw new PermanentJobError(message, { cause: error });
  }
  if (result === null) throw new Error('The checking process ended without a result.');
  return result;
}
