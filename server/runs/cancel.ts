import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requestCancel } from '../jobs/queue.ts';
import { markEnded } from './finish.ts';
import { addRunEvent, getRunFor, type Run, trainJobOf } from './internal.ts';
import { isFinished } from './schemas.ts';

/**
 * Cancels a run. A waiting or paused one ends here; a running one ends its step, writes a checkpoint and stops, so that it can be
 * resumed. Throws `conflict` when it has ended already.
 */
export function cancelRun({ ctx, input }: { ctx: Ctx; input: { runId: string } }): Run {
  const run = getRunFor(ctx, input.runId, 'runs.start');
  if (isFinished(run.status))
    throw new DomainError('conflict', `Run ${run.id} has already ended: ${run.status}.`);
  return ctx.db.transaction(
    () => {
      const job = trainJobOf(ctx.db, run.id);
      const status = job ? requestCancel(ctx, job.id) : null;
      // pressed twice, it was asked for once
      if (job?.status === 'leased' && job.cancelRequestedAt !== null) return run;
      if (status === 'leased') addRunEvent(ctx, { runId: run.id, type: 'cancel-requested', payload: {} });
      else markEnded(ctx, run, { status: 'cancelled', error: null });
      return getRunFor(ctx, run.id, 'runs.read');
    },
    { behavior: 'immediate' },
  );
}
