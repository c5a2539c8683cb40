import { and, desc, eq, gt, max, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { runEvents, runs } from '../../db/schema/runs.ts';
import { type Ctx, requirePermission, roleIn } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Job } from '../jobs/queue.ts';
import type { Permission } from '../permissions.ts';

export type Run = typeof runs.$inferSelect;

/** A run the actor may see or act on. Strangers to its project get the same `not-found` as for no run at all. */
export function getRunFor(ctx: Ctx, runId: string, permission: Permission): Run {
  const run = ctx.db.select().from(runs).where(eq(runs.id, runId)).get();
  if (!run || roleIn(ctx, run.projectId) === null) throw new DomainError('not-found', `No run ${runId}.`);
  requirePermission(ctx, run.projectId, permission);
  return run;
}

/** The newest training job of a run. */
export function trainJobOf(db: Db, runId: string): Job | undefined {
  return db
    .select()
    .from(jobs)
    .where(and(eq(jobs.runId, runId), eq(jobs.kind, 'train')))
    .orderBy(desc(jobs.id))
    .get();
}

/** Who has asked for a run to be cancelled is not told next that it rests or goes on. Throws `conflict` until it has stopped. */
export function refuseWhileCancelling(run: Run, job: Job): void {
  if (job.status !== 'leased' || job.cancelRequestedAt === null) return;
  throw new DomainError('conflict', `${run.id} is being cancelled: wait until it has stopped.`);
}

/** Appends to what a run says of itself. */
export function addRunEvent(
  ctx: { db: Db; now: () => number },
  event: { runId: string; type: string; payload: unknown },
): void {
  ctx.db
    .insert(runEvents)
    .values({ ...event, at: ctx.now() })
    .run();
}

export type CheckpointEvent = { step: number; folder: string; manifestSha256: string; reason: string };

/** Event of a run whose checkpoints are all gone or damaged: it rests until somebody decides. */
export const CHECKPOINTS_LOST = 'checkpoints-lost';
/** Event of the decision to begin anew; what came before it is no longer gone on from. */
export const BEGUN_ANEW = 'begun-anew';

/** Checkpoints a run has written since it last began anew, newest first; older ones may have been deleted from disk since. */
export function checkpointEventsOf(db: Db, runId: string): CheckpointEvent[] {
  return db
    .select({ payload: runEvents.payload })
    .from(runEvents)
    .where(
      and(
        eq(runEvents.runId, runId),
        eq(runEvents.type, 'checkpoint'),
        gt(runEvents.id, lastEventId(db, runId, BEGUN_ANEW)),
      ),
    )
    .orderBy(sql`${runEvents.id} desc`)
    .all()
    .map((row) => row.payload as CheckpointEvent);
}

/** Whether a run rests because its checkpoints are gone, and nobody has decided yet. */
export function hasLostCheckpoints(db: Db, runId: string): boolean {
  const lost = lastEventId(db, runId, CHECKPOINTS_LOST);
  // taken up again since: somebody has put them back
  return lost > lastEventId(db, runId, BEGUN_ANEW) && lost > lastEventId(db, runId, 'resumed');
}

/** 0 when there is none. */
function lastEventId(db: Db, runId: string, type: string): number {
  const row = db
    .select({ id: max(runEvents.id) })
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), eq(runEvents.type, type)))
    .get();
  return row?.id ?? 0;
}
