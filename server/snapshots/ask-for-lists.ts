import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';

/**
 * Asks for the lists of snapshots that nobody is writing any more: their job failed, or the command that made them was killed. The
 * worker does it at each start.
 */
export function askForLists(ctx: Pick<Ctx, 'db' | 'now'>): void {
  ctx.db.transaction(
    () => {
      const underWay = ctx.db
        .select({ snapshotId: sql<string>`${jobs.payload} ->> '$.snapshotId'` })
        .from(jobs)
        .where(and(inArray(jobs.status, ['queued', 'leased']), eq(jobs.kind, 'fill-snapshot')))
        .all();
      const waiting = ctx.db
        .select({ id: snapshots.id, projectId: snapshots.projectId })
        .from(snapshots)
        .where(and(eq(snapshots.status, 'filling'), isNull(snapshots.erasedAt)))
        .all();
      const isUnderWay = new Set(underWay.map(({ snapshotId }) => snapshotId));
      for (const { id: snapshotId, projectId } of waiting)
        if (!isUnderWay.has(snapshotId))
          enqueueJob(ctx, { kind: 'fill-snapshot', payload: { projectId, snapshotId } });
    },
    { behavior: 'immediate' },
  );
}
