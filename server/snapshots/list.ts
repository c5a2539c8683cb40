import { and, desc, eq } from 'drizzle-orm';
import { exports_, snapshots } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../context.ts';
import { getSnapshotInProject, summariseSnapshot } from './internal.ts';
import type { ExportSummary, SnapshotSummary } from './schemas.ts';

/** Snapshots of a project, newest first. */
export function listSnapshots({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): SnapshotSummary[] {
  return ctx.db
    .select()
    .from(snapshots)
    .where(eq(snapshots.projectId, input.projectId))
    .orderBy(desc(snapshots.number))
    .all()
    .map(summariseSnapshot);
}

export function getSnapshot({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; snapshotId: string };
}): SnapshotSummary {
  return summariseSnapshot(getSnapshotInProject(ctx, input));
}

/** Exports of a project, or of one snapshot of it, newest first. */
export function listExports({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; snapshotId?: string };
}): ExportSummary[] {
  return ctx.db
    .select({
      exportId: exports_.id,
      snapshotId: exports_.snapshotId,
      snapshotNumber: snapshots.number,
      format: exports_.format,
      folder: exports_.folder,
      rows: exports_.rows,
      manifestSha256: exports_.manifestSha256,
      createdAt: exports_.createdAt,
    })
    .from(exports_)
    .innerJoin(snapshots, eq(snapshots.id, exports_.snapshotId))
    .where(
      and(
        eq(snapshots.projectId, input.projectId),
        input.snapshotId === undefined ? undefined : eq(snapshots.id, input.snapshotId),
      ),
    )
    .orderBy(desc(exports_.id))
    .all();
}
