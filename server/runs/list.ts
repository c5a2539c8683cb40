import { and, desc, eq, lt } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { phaseOf } from './progress.ts';
import { remainingSeconds } from './remaining.ts';

/** Runs of a project, newest first, `limit` at a time; `nextCursor` is null on the last page. */
export function listRuns({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; cursor?: string | null; limit?: number };
}) {
  requirePermission(ctx, input.projectId, 'runs.read');
  const limit = input.limit ?? 50;
  const rows = ctx.db
    .select({ run: runs, snapshotNumber: snapshots.number })
    .from(runs)
    .leftJoin(snapshots, eq(snapshots.id, runs.snapshotId))
    .where(and(eq(runs.projectId, input.projectId), input.cursor ? lt(runs.id, input.cursor) : undefined))
    .orderBy(desc(runs.id))
    .limit(limit + 1)
    .all();
  const page = rows.slice(0, limit);
  return {
    items: page.map(({ run, snapshotNumber }) => ({
      id: run.id,
      name: run.name,
      recipe: run.recipe,
      status: run.status,
      backend: run.backend,
      step: run.step,
      totalSteps: run.totalSteps,
      phase: phaseOf(ctx.db, run),
      remainingSeconds: remainingSeconds(ctx.db, run),
      summary: run.summary,
      error: run.error,
      snapshotNumber,
      scheduleId: run.scheduleId,
      createdAt: run.createdAt,
      startedAt: run.startedAt,
      finishedAt: run.finishedAt,
    })),
    nextCursor: rows.length > limit ? (page.at(-1)?.run.id ?? null) : null,
  };
}
