import { eq } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { definitionOf } from '../../trainer/config/recipes.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { appendAudit } from '../audit/append.ts';
import { settleStep } from '../chains/advance.ts';
import type { Ctx } from '../context.ts';
import { cancelLeasedJob, finishJob, type Lease, pauseLeasedJob, readLease } from '../jobs/queue.ts';
import { getCheckpointInProject } from '../models/internal.ts';
import { registerCheckpoint } from '../models/register.ts';
import { headlineOf } from './headline.ts';
import { addRunEvent, type Run } from './internal.ts';

type Done = Extract<TrainEvent, { type: 'done' }>;

/**
 * Ends a run well: registers its final checkpoint under a model with its lineage, ends the job, and takes the chain on that the
 * run is a step of. One transaction, so a killed worker repeats all of it or nothing.
 * Returns false when the lease was lost.
 */
export function finishRun({
  ctx,
  input: { run, lease, done, manifestSha256 },
}: {
  ctx: Ctx;
  input: { run: Run; lease: Lease; done: Done; manifestSha256: string };
}): boolean {
  return ctx.db.transaction(
    () => {
      const tooLate = readLease(ctx.db, lease)?.stopRequested ?? null;
      if (!finishJob(ctx.db, lease, ctx.now())) return false;
      const checkpoint = registerCheckpoint({
        ctx,
        input: {
          projectId: run.projectId,
          modelName: resultModelName(ctx, run),
          kind: definitionOf(run.recipe).result.kind,
          folder: `${run.folder}/final`,
          manifestSha256,
          step: done.step,
          parentId: run.modelCheckpointId,
          rewardCheckpointId: run.rewardCheckpointId,
          snapshotId: run.snapshotId,
          runId: run.id,
        },
      });
      ctx.db
        .update(runs)
        .set({
          status: 'succeeded',
          step: done.step,
          summary: done.summary,
          headline: headlineOf(run.recipe, done.summary)?.value ?? null,
          resultCheckpointId: checkpoint.id,
          error: null,
          finishedAt: ctx.now(),
        })
        .where(eq(runs.id, run.id))
        .run();
      addRunEvent(ctx, {
        runId: run.id,
        type: 'succeeded',
        payload: { checkpointId: checkpoint.id, tooLate },
      });
      appendAudit(ctx, {
        action: 'runs.finish',
        subject: run.id,
        projectId: run.projectId,
        payload: { status: 'succeeded', step: done.step, checkpointId: checkpoint.id, manifestSha256 },
      });
      settleStep(
        ctx,
        { runId: run.id },
        { status: 'done', figures: done.summary, checkpointId: checkpoint.id },
      );
      return true;
    },
    { behavior: 'immediate' },
  );
}

/** Ends a run that somebody cancelled; its last checkpoint stays, so it can be taken up again. */
export function finishCancelledRun({
  ctx,
  input: { run, lease },
}: {
  ctx: Ctx;
  input: { run: Run; lease: Lease };
}): boolean {
  return ctx.db.transaction(
    () => {
      if (!cancelLeasedJob(ctx.db, lease, ctx.now())) return false;
      markEnded(ctx, run, { status: 'cancelled', error: null });
      return true;
    },
    { behavior: 'immediate' },
  );
}

/** Lets a run rest whose pausing was asked for: nobody works on it until it is resumed, and then it goes on bit for bit. */
export function finishPausedRun({
  ctx,
  input: { run, lease, step },
}: {
  ctx: Ctx;
  input: { run: Run; lease: Lease; step: number };
}): boolean {
  return ctx.db.transaction(
    () => {
      if (!pauseLeasedJob(ctx.db, lease)) return false;
      markPaused(ctx, run, { step });
      return true;
    },
    { behavior: 'immediate' },
  );
}

/** Marks a run whose job rests. Call inside the transaction that paused the job. */
export function markPaused(ctx: Ctx, run: Pick<Run, 'id'>, { step }: { step: number }): void {
  ctx.db.update(runs).set({ status: 'paused' }).where(eq(runs.id, run.id)).run();
  addRunEvent(ctx, { runId: run.id, type: 'paused', payload: { step } });
  settleStep(ctx, { runId: run.id }, { status: 'paused' });
}

/** Marks a run whose job has ended (not well), with event and audit record. Call inside the transaction that ended the job. */
export function markEnded(
  ctx: Ctx,
  run: Pick<Run, 'id' | 'projectId'>,
  { status, error }: { status: 'failed' | 'cancelled'; error: string | null },
): void {
  ctx.db.update(runs).set({ status, error, finishedAt: ctx.now() }).where(eq(runs.id, run.id)).run();
  addRunEvent(ctx, { runId: run.id, type: status, payload: { error } });
  appendAudit(ctx, {
    action: status === 'failed' ? 'runs.finish' : 'runs.cancel',
    subject: run.id,
    projectId: run.projectId,
    payload: { status },
  });
  const outcome =
    status === 'failed' ? { status, reason: error ?? 'the run failed and left no message' } : { status };
  settleStep(ctx, { runId: run.id }, outcome);
}

/** A result belongs to the model named after its parent and recipe: toy-sft gives toy-sft-reward and toy-sft-ppo. */
function resultModelName(ctx: Ctx, run: Run): string {
  if (run.modelCheckpointId === null) return run.name;
  const { model } = getCheckpointInProject(ctx, {
    projectId: run.projectId,
    checkpointId: run.modelCheckpointId,
  });
  const { suffix } = definitionOf(run.recipe).result;
  return model.name.endsWith(suffix) ? model.name : model.name + suffix;
}
