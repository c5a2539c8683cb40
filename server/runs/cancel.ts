import { and, desc, eq } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requestCancel } from '../jobs/queue.ts';
import { markEnded } from './finish.ts';
import { addRunEvent, getRunFor, type Run } from './internal.ts';
import { isFinished } from './schemas.ts';

/**
 * Cancels a run. A waiting one ends here; a running one ends its step, writes a checkpoint and stops, so that it can be
 * resumed. Throws `conflict` when it has ended already.
 */
export function cancelRun({ ctx, input }: { ctx: Ctx; input: { runId: string } }): Run {
  const run = getRunFor(ctx, input.runId, 'runs.start');
  if (isFinished(run.status))
    throw new DomainError('conflict', `Run ${run.id} has already ended: ${run.status}.`);
  return ctx.db.transaction(
    () => {
      const job = ctx.db
        .select({ id: jobs.id })
        .from(jobs)
        .where(and(eq(jobs.runId, run.id), eq(jobs.kind, 'train')))
        .orderBy(desc(jobs.id))
        .get();
      const status = job ? requestCancel(ctx, job.id) : null;
      if (status === 'leased') addRunEvent(ctx, { runId: run.id, type: 'cancel-requested', payload: {} });
      else markEnded(ctx, run, { status: 'cancelled', error: null });
      return getRunFor(ctx, run.id, 'runs.read');
    },
    { behavior: 'immediate' },
  );
}
