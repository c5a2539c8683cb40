import { eq } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { appendAudit } from '../audit/append.ts';
import { settleStep } from '../chains/advance.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob, resumeJob } from '../jobs/queue.ts';
import {
  addRunEvent,
  BEGUN_ANEW,
  getRunFor,
  hasLostCheckpoints,
  type Run,
  refuseWhileCancelling,
  trainJobOf,
} from './internal.ts';
import { setApart } from './set-apart.ts';

/**
 * Queues a paused, cancelled or failed run again; it goes on from its last checkpoint. A running one that was asked to pause and
 * has not yet come to rest just goes on. `anew` lets one whose checkpoints are gone begin at step 0: what it has logged is set apart,
 * and kept. Throws `conflict` for any other state, and for `anew` where there are checkpoints to go on from.
 */
export function resumeRun({
  ctx,
  input: { runId, anew = false },
}: {
  ctx: Ctx;
  input: { runId: string; anew?: boolean | undefined };
}): Run {
  const run = getRunFor(ctx, runId, 'runs.start');
  return ctx.db.transaction(
    () => {
      const job = trainJobOf(ctx.db, run.id);
      if (job) refuseWhileCancelling(run, job);
      const hasEnded = run.status === 'cancelled' || run.status === 'failed';
      const isPausing = !hasEnded && job != null && job.pauseRequestedAt !== null;
      if (!job || !(hasEnded || isPausing || run.status === 'paused')) {
        throw new DomainError(
          'conflict',
          `Only a paused, cancelled or failed run can be resumed; ${run.id} is ${run.status}.`,
        );
      }
      if (anew) {
        if (isPausing || !hasLostCheckpoints(ctx.db, run.id)) {
          throw new DomainError(
            'conflict',
            `${run.id} has not lost its checkpoints: it goes on from the last one.`,
          );
        }
        const numSteps = setApart(ctx, run.id);
        ctx.db.update(runs).set({ step: 0 }).where(eq(runs.id, run.id)).run();
        addRunEvent(ctx, { runId: run.id, type: BEGUN_ANEW, payload: { step: run.step, numSteps } });
      }
      let jobId = job.id;
      if (hasEnded) {
        jobId = enqueueJob(ctx, { kind: 'train', payload: { runId: run.id }, runId: run.id }).id;
      } else resumeJob(ctx.db, job.id);
      addRunEvent(ctx, { runId: run.id, type: hasEnded ? 'queued-again' : 'unpaused', payload: {} });
      appendAudit(ctx, {
        action: 'runs.resume',
        subject: run.id,
        projectId: run.projectId,
        payload: anew ? { jobId, anew, lostStep: run.step } : { jobId },
      });
      settleStep(ctx, { runId: run.id }, { status: 'running' });
      return ctx.db
        .update(runs)
        .set({ status: isPausing ? run.status : 'queued', error: null, finishedAt: null })
        .where(eq(runs.id, run.id))
        .returning()
        .get();
    },
    { behavior: 'immediate' },
  );
}
