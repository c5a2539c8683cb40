import { and, eq, gt } from 'drizzle-orm';
import { runMetrics, runSamples, runs } from '../../db/schema/runs.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import type { Ctx } from '../context.ts';
import { type Lease, noteProgress, readLease, type StopRequest } from '../jobs/queue.ts';
import { addRunEvent, type Run } from './internal.ts';
import { clearRunProgress, setRunProgress } from './progress.ts';

/** Names of wall-clock metrics start with this; they are the only ones that differ between two runs of one seed. */
export const TIME_PREFIX = 'time/';

/**
 * Turns one event of a recipe into rows, in one transaction. `done` is left to finishRun.
 * Returns null when the lease was lost (nothing is written then), else what was asked of the job meanwhile.
 */
export function recordTrainEvent({
  ctx,
  input: { run, lease, event, secondsSinceLastStep },
}: {
  ctx: Ctx;
  input: { run: Run; lease: Lease; event: TrainEvent; secondsSinceLastStep: number };
}): { stopRequested: StopRequest | null } | null {
  return ctx.db.transaction(
    () => {
      const state = readLease(ctx.db, lease);
      if (state) write(ctx, run, { event, secondsSinceLastStep });
      // one that was written because the worker leaves may be where it began
      if (state && event.type === 'checkpoint' && event.reason === 'scheduled')
        noteProgress(ctx.db, lease, 'train');
      return state;
    },
    { behavior: 'immediate' },
  );
}

function write(
  ctx: Ctx,
  run: Run,
  { event, secondsSinceLastStep }: { event: TrainEvent; secondsSinceLastStep: number },
): void {
  const { db } = ctx;
  // whatever else it says, that part of the run is over
  if (event.type !== 'progress') clearRunProgress(ctx, run.id);
  switch (event.type) {
    case 'plan':
      db.update(runs)
        .set({ totalSteps: event.totalSteps, backend: event.backend, device: event.device })
        .where(eq(runs.id, run.id))
        .run();
      addRunEvent(ctx, {
        runId: run.id,
        type: 'plan',
        payload: {
          totalSteps: event.totalSteps,
          backend: event.backend,
          device: event.device,
          numParameters: event.numParameters,
        },
      });
      return;
    case 'step': {
      const seconds = Object.entries(event.seconds).map(
        ([phase, value]) => [TIME_PREFIX + phase, value] as const,
      );
      addMetrics(ctx, run.id, {
        step: event.step,
        values: [
          ...Object.entries(event.metrics),
          ...seconds,
          // what the remaining time is told from: everything between two steps, evaluations and checkpoints included
          [`${TIME_PREFIX}wall`, secondsSinceLastStep],
        ],
      });
      db.update(runs)
        .set({ step: event.step, totalSteps: event.totalSteps })
        .where(eq(runs.id, run.id))
        .run();
      return;
    }
    case 'eval':
      addMetrics(ctx, run.id, {
        step: event.step,
        values: Object.entries(event.metrics),
      });
      return;
    case 'sample':
      for (const sample of event.samples) {
        db.insert(runSamples).values({ runId: run.id, step: event.step, sample }).run();
      }
      return;
    case 'checkpoint':
      addRunEvent(ctx, {
        runId: run.id,
        type: 'checkpoint',
        payload: {
          step: event.step,
          // relative: the data folder may move
          folder: event.folder.slice(event.folder.lastIndexOf('/') + 1),
          manifestSha256: event.manifestSha256,
          reason: event.reason,
        },
      });
      return;
    case 'self-check':
    case 'warning': {
      const { type, ...payload } = event;
      addRunEvent(ctx, { runId: run.id, type, payload });
      return;
    }
    case 'progress': {
      const { type: _, step, ...progress } = event;
      setRunProgress(ctx, run.id, progress);
      return;
    }
    case 'done':
      return;
    default:
      event satisfies never;
  }
}

function addMetrics(
  ctx: Ctx,
  runId: string,
  { step, values }: { step: number; values: (readonly [string, number])[] },
): void {
  for (const [name, value] of values) {
    // SQLite knows no NaN or Infinity; null is shown as a gap
    ctx.db
      .insert(runMetrics)
      .values({ runId, step, name, value: Number.isFinite(value) ? value : null })
      .run();
  }
}

/** Before a run goes on from a checkpoint: what was logged past it is deleted, since it will be logged again. */
export function rewindRun(ctx: Ctx, runId: string, step: number): void {
  ctx.db
    .delete(runMetrics)
    .where(and(eq(runMetrics.runId, runId), gt(runMetrics.step, step)))
    .run();
  ctx.db
    .delete(runSamples)
    .where(and(eq(runSamples.runId, runId), gt(runSamples.step, step)))
    .run();
  clearRunProgress(ctx, runId);
  ctx.db.update(runs).set({ step }).where(eq(runs.id, runId)).run();
}
