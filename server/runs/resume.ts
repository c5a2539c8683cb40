import { eq } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { addRunEvent, getRunFor, type Run } from './internal.ts';

/** Queues a cancelled or failed run again; it goes on from its last checkpoint. Throws `conflict` for any other state. */
export function resumeRun({ ctx, input }: { ctx: Ctx; input: { runId: string } }): Run {
  const run = getRunFor(ctx, input.runId, 'runs.start');
  if (run.status !== 'cancelled' && run.status !== 'failed') {
    throw new DomainError(
      'conflict',
      `Only a cancelled or failed run can be resumed; ${run.id} is ${run.status}.`,
    );
  }
  return ctx.db.transaction(
    () => {
      const job = enqueueJob(ctx, { kind: 'train', payload: { runId: run.id }, runId: run.id });
      addRunEvent(ctx, { runId: run.id, type: 'queued-again', payload: {} });
      appendAudit(ctx, {
        action: 'runs.resume',
        subject: run.id,
        projectId: run.projectId,
        payload: { jobId: job.id },
      });
      return ctx.db
        .update(runs)
        .set({ status: 'queued', error: null, finishedAt: null })
        .where(eq(runs.id, run.id))
        .returning()
        .get();
    },
    { behavior: 'immediate' },
  );
}
