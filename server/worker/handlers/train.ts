import { existsSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { runs } from '../../../db/schema/runs.ts';
import type { TrainEvent } from '../../../trainer/events.ts';
import { settleStep } from '../../chains/advance.ts';
import type { Ctx } from '../../context.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import {
  type Job,
  type Lease,
  pauseLeasedJob,
  readLease,
  releaseJob,
  requestCancel,
} from '../../jobs/queue.ts';
import { verifyFolder } from '../../models/internal.ts';
import { finishCancelledRun, finishPausedRun, finishRun, markEnded } from '../../runs/finish.ts';
import {
  addRunEvent,
  CHECKPOINTS_LOST,
  checkpointEventsOf,
  type Run,
  trainJobOf,
} from '../../runs/internal.ts';
import { recordTrainEvent, rewindRun } from '../../runs/record-event.ts';
import type { JobContext } from '../job-context.ts';
import { buildRecipeTask } from './recipe-task.ts';
import { runInProcess } from './run-in-process.ts';

/** Runs a recipe to its end, or until it is told to stop; goes on from the run's last good checkpoint. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease, backend, stopReason, lost } = context;
  const { runId } = jobDefinitions.train.payload.parse(job.payload);
  const run = ctx.db.select().from(runs).where(eq(runs.id, runId)).get();
  if (!run) throw new Error(`Job ${job.id} is for run ${runId}, which does not exist.`);
  const asked = readLease(ctx.db, lease)?.stopRequested;
  if (asked === 'cancel') {
    finishCancelledRun({ ctx, input: { run, lease } });
    return;
  }
  if (asked === 'pause') {
    finishPausedRun({ ctx, input: { run, lease, step: run.step } });
    return;
  }
  const from = await lastGoodCheckpoint(ctx, run);
  if (from === 'lost') {
    restAndAsk(ctx, run, lease);
    return;
  }
  takeUp(ctx, run, from?.step ?? 0);
  const task = await buildRecipeTask(ctx, run, { backend, resumeFrom: from?.folder ?? null });

  let done: Extract<TrainEvent, { type: 'done' }> | null = null;
  let finalManifest: string | null = null;
  let lastStepAt = performance.now();
  await runInProcess(
    { kind: 'recipe', task },
    {
      lost,
      onMessage(message) {
        if (message.type !== 'event') throw new Error(`a recipe sent ${message.type}`);
        const { event } = message;
        if (event.type === 'done') {
          done = event;
          return { abort: false };
        }
        if (event.type === 'checkpoint' && event.reason === 'final') finalManifest = event.manifestSha256;
        const now = performance.now();
        const secondsSinceLastStep = (now - lastStepAt) / 1000;
        if (event.type === 'step') lastStepAt = now;
        const state = recordTrainEvent({ ctx, input: { run, lease, event, secondsSinceLastStep } });
        if (state === null) throw new Error(`Job ${job.id} was taken over by another worker.`);
        return { abort: state.stopRequested !== null || stopReason() !== null };
      },
    },
  );
  leave(context, run, { done, finalManifest });
}

/** The run's job failed for good: the page shows why. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  const run = runOf(ctx, job);
  if (run) markEnded(ctx, run, { status: 'failed', error });
}

/**
 * The training process died, or the worker left before the recipe could stop: the run waits again; or it ends, where that was
 * asked for: what is being cancelled is not told to wait first.
 */
export function requeued({ ctx, job, error }: { ctx: Ctx; job: Job; error: string | null }): void {
  const run = runOf(ctx, job);
  if (run?.status !== 'running') return;
  const isCancelled = (trainJobOf(ctx.db, run.id)?.cancelRequestedAt ?? null) !== null;
  if (isCancelled && requestCancel(ctx, job.id) === 'cancelled')
    markEnded(ctx, run, { status: 'cancelled', error: null });
  else waitAgain(ctx, run, { step: run.step, error });
}

function runOf(ctx: Ctx, job: Job): Run | undefined {
  return job.runId === null ? undefined : ctx.db.select().from(runs).where(eq(runs.id, job.runId)).get();
}

function waitAgain(ctx: Ctx, run: Run, { step, error }: { step: number; error: string | null }): void {
  ctx.db.transaction(
    () => {
      ctx.db.update(runs).set({ status: 'queued' }).where(eq(runs.id, run.id)).run();
      addRunEvent(ctx, { runId: run.id, type: 'waiting-again', payload: { step, error } });
    },
    { behavior: 'immediate' },
  );
}

/**
 * Where a run goes on: its newest checkpoint whose every file has its hash; null for one that has not written any, 'lost' for one
 * whose checkpoints are all gone or damaged.
 */
async function lastGoodCheckpoint(
  ctx: Ctx,
  run: Run,
): Promise<{ step: number; folder: string } | null | 'lost'> {
  const events = checkpointEventsOf(ctx.db, run.id).filter(({ reason }) => reason !== 'final');
  for (const event of events) {
    const folder = path.join(ctx.dataFolder, run.folder, event.folder);
    if (!existsSync(folder)) continue;
    try {
      await verifyFolder(folder, event.manifestSha256);
      return { step: event.step, folder };
    } catch (error) {
      const message = `Checkpoint ${event.folder} is damaged and was passed over: ${error instanceof Error ? error.message : error}`;
      addRunEvent(ctx, { runId: run.id, type: 'warning', payload: { step: event.step, message } });
    }
  }
  return events.length === 0 ? null : 'lost';
}

/** Hours of training are not begun anew unasked: the run rests, and its page asks. */
function restAndAsk(ctx: Ctx, run: Run, lease: Lease): void {
  ctx.db.transaction(
    () => {
      if (!pauseLeasedJob(ctx.db, lease)) return;
      ctx.db.update(runs).set({ status: 'paused' }).where(eq(runs.id, run.id)).run();
      addRunEvent(ctx, { runId: run.id, type: CHECKPOINTS_LOST, payload: { step: run.step } });
      settleStep(ctx, { runId: run.id }, { status: 'paused' });
    },
    { behavior: 'immediate' },
  );
}

/** Marks the run as running. Rows logged past the step it goes on from are deleted, since the same steps come again. */
function takeUp(ctx: Ctx, run: Run, fromStep: number): void {
  ctx.db.transaction(
    () => {
      const isFirstStart = run.startedAt === null;
      rewindRun(ctx, run.id, fromStep);
      ctx.db
        .update(runs)
        .set({ status: 'running', startedAt: run.startedAt ?? ctx.now() })
        .where(eq(runs.id, run.id))
        .run();
      addRunEvent(ctx, {
        runId: run.id,
        type: isFirstStart ? 'started' : 'resumed',
        payload: { fromStep },
      });
    },
    { behavior: 'immediate' },
  );
}

type Outcome = { done: Extract<TrainEvent, { type: 'done' }> | null; finalManifest: string | null };

function leave({ ctx, lease }: JobContext, run: Run, { done, finalManifest }: Outcome): void {
  if (!done) throw new Error(`The ${run.recipe} recipe ended without saying so.`);
  if (!done.stopped) {
    if (finalManifest === null) throw new Error(`The ${run.recipe} recipe ended without a final checkpoint.`);
    finishRun({ ctx, input: { run, lease, done, manifestSha256: finalManifest } });
    return;
  }
  // the timer may not have seen yet what the last step's read did
  const requested = readLease(ctx.db, lease)?.stopRequested;
  if (requested === 'cancel') {
    finishCancelledRun({ ctx, input: { run, lease } });
    return;
  }
  if (requested === 'pause') {
    finishPausedRun({ ctx, input: { run, lease, step: done.step } });
    return;
  }
  ctx.db.transaction(
    () => {
      if (releaseJob(ctx.db, lease)) waitAgain(ctx, run, { step: done.step, error: null });
    },
    { behavior: 'immediate' },
  );
}
