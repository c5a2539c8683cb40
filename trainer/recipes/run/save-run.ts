import { join } from 'node:path';
import {
  type CheckpointModel,
  checkpointFolder,
  pruneCheckpoints,
  writeCheckpoint,
} from '../../checkpoint.ts';
import type { TrainEvent } from '../../events.ts';
import type { AdamW } from '../../optim/adamw.ts';
import type { Run } from './open-run.ts';

export type SaveReason = Extract<TrainEvent, { type: 'checkpoint' }>['reason'];

/**
 * Writes `checkpoint-<step>`, from which the run goes on bit for bit, and deletes what is older than the newest few; or, as
 * `final`, the model alone.
 *
 * @param state.progress everything that a resumed run needs and that is not in the models and moments; finite JSON
 * @param state.companions further models that are trained, in subfolders of that name
 * @returns the event to yield
 */
export function saveRun(
  { config, backend, dataSha256, baseSha256, folders: { out } }: Run,
  reason: SaveReason,
  state: {
    progress: { step: number } & Record<string, unknown>;
    model: CheckpointModel;
    companions?: Record<string, CheckpointModel>;
    optimizers: Record<string, AdamW>;
  },
): Extract<TrainEvent, { type: 'checkpoint' }> {
  const { progress, model, companions, optimizers } = state;
  const { step } = progress;
  if (reason === 'final') {
    const folder = join(out, 'final');
    return {
      type: 'checkpoint',
      step,
      folder,
      ...writeCheckpoint({ folder, model, training: null }),
      reason,
    };
  }
  const folder = checkpointFolder(out, step);
  const moments = Object.entries(optimizers).map(([name, optimizer]) => [name, optimizer.stateToWrite()]);
  const { manifestSha256 } = writeCheckpoint({
    folder,
    model,
    companions,
    training: {
      state: { ...progress, config, dataSha256, baseSha256, backend },
      optimizers: Object.fromEntries(moments),
    },
  });
  pruneCheckpoints(out, config.runtime.keepCheckpoints);
  return { type: 'checkpoint', step, folder, manifestSha256, reason };
}

/** Whether a resumable checkpoint is written after `step` of `totalSteps`; after the last one comes `final` instead. */
export function isCheckpointDue({ config: { runtime } }: Run, step: number, totalSteps: number): boolean {
  return step % runtime.checkpointEvery === 0 && step < totalSteps;
}

/** Whether held-out data is measured after `step` of `totalSteps`; after the last one it always is. */
export function isEvaluationDue({ config: { runtime } }: Run, step: number, totalSteps: number): boolean {
  return step % runtime.evalEvery === 0 || step === totalSteps;
}

/** What a run yields that is told to stop before it comes to its next step (`yield*`). */
export function* endStopped(
  checkpoint: Extract<TrainEvent, { type: 'checkpoint' }>,
  summary: Record<string, number>,
): Generator<TrainEvent> {
  const { step, folder } = checkpoint;
  yield checkpoint;
  yield { type: 'done', step, folder, stopped: true, summary };
}
