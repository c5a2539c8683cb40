import { and, desc, eq } from 'drizzle-orm';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
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
      exportId: snapshotExports.id,
      snapshotId: snapshotExports.snapshotId,
      snapshotNumber: snapshots.number,
      format: snapshotExports.format,
      folder: snapshotExports.folder,
      rows: snapshotExports.rows,
      manifestSha256: snapshotExports.manifestSha256,
      createdAt: snapshotExports.createdAt,
      erasedAt: snapshotExports.erasedAt,
    })
    .from(snapshotExports)
    .innerJoin(snapshots, eq(snapshots.id, snapshotExports.snapshotId))
    .where(
      and(
        eq(snapshots.projectId, input.projectId),
        input.snapshotId === undefined ? undefined : eq(snapshots.id, input.snapshotId),
      ),
    )
    .orderBy(desc(snapshotExports.id))
    .all();
}
