import { and, asc, desc, eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { collectRows } from './collect-rows.ts';
import { getSnapshotInProject, summariseSnapshot } from './internal.ts';
import type { RawRow } from './raw-row.ts';
import type { SnapshotSummary } from './schemas.ts';

/** Forward: the judgments of a snapshot, a page at a time, with people by pseudonym. */
export function judgmentsOfSnapshot({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; snapshotId: string; cursor?: string | null; limit: number };
}): { items: RawRow[]; nextCursor: string | null } {
  const snapshot = getSnapshotInProject(ctx, input);
  const ids = ctx.db.$client
    .prepare(
      `SELECT judgment_id FROM snapshot_judgments
       WHERE snapshot_id = @snapshotId AND (@cursor IS NULL OR judgment_id > @cursor)
       ORDER BY judgment_id LIMIT @limit`,
    )
    .pluck()
    .all({ snapshotId: snapshot.id, cursor: input.cursor ?? null, limit: input.limit + 1 }) as string[];
  const page = ids.slice(0, input.limit);
  const items = [...collectRows(ctx, input.projectId, page)].flat();
  return { items, nextCursor: ids.length > input.limit ? (page.at(-1) ?? null) : null };
}

/** Back: a judgment with all its revisions and the snapshots that hold each. Throws `not-found`. */
export function snapshotsOfJudgment({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; judgmentId: string };
}): { revisions: RawRow[]; snapshots: (SnapshotSummary & { judgmentId: string })[] } {
  const { projectId, judgmentId } = input;
  const named = ctx.db
    .select()
    .from(judgments)
    .where(and(eq(judgments.id, judgmentId), eq(judgments.projectId, projectId)))
    .get();
  if (!named) throw new DomainError('not-found', `No judgment ${judgmentId} in this project.`);
  const revisions =
    named.annotatorId === null
      ? [{ id: named.id }]
      : ctx.db
          .select({ id: judgments.id })
          .from(judgments)
          .where(and(eq(judgments.taskId, named.taskId), eq(judgments.annotatorId, named.annotatorId)))
          .orderBy(asc(judgments.revision))
          .all();
  const ids = revisions.map((row) => row.id);
  const held = ids.flatMap((id) =>
    ctx.db
      .select({ snapshot: snapshots })
      .from(snapshotJudgments)
      .innerJoin(snapshots, eq(snapshots.id, snapshotJudgments.snapshotId))
      .where(eq(snapshotJudgments.judgmentId, id))
      .orderBy(desc(snapshots.number))
      .all()
      .map((row) => ({ ...summariseSnapshot(row.snapshot), judgmentId: id })),
  );
  return { revisions: [...collectRows(ctx, projectId, ids)].flat(), snapshots: held };
}
