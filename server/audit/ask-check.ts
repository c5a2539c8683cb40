import { type Ctx, requireUser } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { appendAudit } from './append.ts';
import { readCheck } from './read-check.ts';

/** Has the worker check the whole installation; where it does so already, nothing is asked. */
export function askCheck({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): { isNew: boolean } {
  const requestedBy = requireUser(ctx);
  return ctx.db.transaction(
    () => {
      if (readCheck({ ctx })?.isOpen) return { isNew: false };
      const job = enqueueJob(ctx, { kind: 'verify', payload: { requestedBy } });
      appendAudit(ctx, { action: 'audit.verify', subject: job.id, projectId: input.projectId, payload: {} });
      return { isNew: true };
    },
    { behavior: 'immediate' },
  );
}
