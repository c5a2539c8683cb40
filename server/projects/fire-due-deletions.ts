import { and, eq, inArray, isNull, lte } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import { projects } from '../../db/schema/projects.ts';
import type { Ctx } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';

/** Queues the deletion of archived projects whose time has come. Called by the worker every few seconds. */
export function fireDueDeletions(ctx: Ctx): void {
  const isDue = and(lte(projects.deleteAt, ctx.now()), isNull(projects.deletedAt));
  const due = ctx.db.select({ id: projects.id }).from(projects).where(isDue).all();
  if (due.length === 0) return;
  ctx.db.transaction(
    () => {
      const isQueued = and(eq(jobs.kind, 'delete-project'), inArray(jobs.status, ['queued', 'leased']));
      const queued = ctx.db.select({ payload: jobs.payload }).from(jobs).where(isQueued).all();
      const known = new Set(queued.map(({ payload }) => (payload as { projectId: string }).projectId));
      for (const { id } of due)
        if (!known.has(id)) enqueueJob(ctx, { kind: 'delete-project', payload: { projectId: id } });
    },
    { behavior: 'immediate' },
  );
}
