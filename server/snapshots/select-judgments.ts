import type { SnapshotCounts, SnapshotQuery } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../context.ts';

/**
 * Which judgments of a project a query keeps, by id, and how many it leaves out for which reason (the first that applies,
 * in this order): after-until, superseded (a later revision counts), source, annotator, erased (a text that
 * it is about), withdrawn (its person's judgments are), not-rankable.
 */
export function selectJudgments(
  ctx: Pick<Ctx, 'db'>,
  projectId: string,
  query: SnapshotQuery,
): { ids: string[]; counts: SnapshotCounts } {
  const rows = ctx.db.$client
    .prepare(
      `SELECT j.id, CASE
         WHEN j.submitted_at > @until THEN 'after-until'
         WHEN j.annotator_id IS NOT NULL AND EXISTS (
           SELECT 1 FROM judgments later WHERE later.task_id = j.task_id AND later.annotator_id = j.annotator_id
             AND later.revision > j.revision AND later.submitted_at <= @until) THEN 'superseded'
         WHEN j.source NOT IN (SELECT value FROM json_each(@sources)) THEN 'source'
         WHEN @annotatorIds IS NOT NULL AND (j.annotator_id IS NULL
           OR j.annotator_id NOT IN (SELECT value FROM json_each(@annotatorIds))) THEN 'annotator'
         WHEN j.erased_at IS NOT NULL THEN 'erased'
         WHEN j.annotator_id IN (SELECT user_id FROM withdrawals
           WHERE project_id = @projectId AND ended_at IS NULL) THEN 'withdrawn'
         WHEN j.not_rankable THEN 'not-rankable'
       END AS reason
       FROM judgments j WHERE j.project_id = @projectId ORDER BY j.id`,
    )
    .iterate({
      projectId,
      until: query.until,
      sources: JSON.stringify(query.sources),
      annotatorIds: query.annotatorIds === null ? null : JSON.stringify(query.annotatorIds),
    }) as Iterable<{ id: string; reason: string | null }>;
  const ids: string[] = [];
  const dropped: Record<string, number> = {};
  for (const { id, reason } of rows) {
    if (reason === null) ids.push(id);
    else dropped[reason] = (dropped[reason] ?? 0) + 1;
  }
  return { ids, counts: { kept: ids.length, dropped } };
}
