import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requestPause } from '../jobs/queue.ts';
import { markPaused } from './finish.ts';
import { addRunEvent, getRunFor, type Run, refuseWhileCancelling, trainJobOf } from './internal.ts';

/**
 * Pauses a run. A waiting one rests at once; a running one ends its step, writes a checkpoint and rests. It keeps its place in
 * nothing: `resumeRun` queues it again, and it goes on bit for bit. Throws `conflict` when it is neither waiting nor running, and
 * when its cancelling was asked for.
 */
export function pauseRun({ ctx, input }: { ctx: Ctx; input: { runId: string } }): Run {
  const run = getRunFor(ctx, input.runId, 'runs.start');
  return ctx.db.transaction(
    () => {
      const job = trainJobOf(ctx.db, run.id);
      if (job) refuseWhileCancelling(run, job);
      // pressed twice, it was asked for once
      if (job?.status === 'leased' && job.pauseRequestedAt !== null) return run;
      const status = job ? requestPause(ctx, job.id) : null;
      if (status !== 'leased' && !(status === 'paused' && run.status === 'queued')) {
        throw new DomainError(
          'conflict',
          `Only a waiting or running run can be paused; ${run.id} is ${run.status}.`,
        );
      }
      appendAudit(ctx, {
        action: 'runs.pause',
        subject: run.id,
        projectId: run.projectId,
        payload: { step: run.step },
      });
      if (status === 'leased') addRunEvent(ctx, { runId: run.id, type: 'pause-requested', payload: {} });
      else markPaused(ctx, run, { step: run.step });
      return getRunFor(ctx, run.id, 'runs.read');
    },
    { behavior: 'immediate' },
  );
}
