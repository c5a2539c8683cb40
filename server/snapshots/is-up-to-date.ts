import type { Ctx } from '../context.ts';
import type { Snapshot } from './internal.ts';
import { createSnapshotInput } from './schemas.ts';
import { selectJudgments } from './select-judgments.ts';

/** True when freezing all judgments of the project now would keep exactly those that the snapshot has. */
export function isUpToDate(ctx: Pick<Ctx, 'db' | 'now'>, snapshot: Snapshot): boolean {
  if (snapshot.erasedAt !== null) return false;
  const { sources, annotatorIds } = createSnapshotInput.parse({ projectId: snapshot.projectId });
  const now = selectJudgments(ctx, snapshot.projectId, { sources, annotatorIds, until: ctx.now() });
  const held = ctx.db.$client
    .prepare('SELECT judgment_id FROM snapshot_judgments WHERE snapshot_id = ? ORDER BY judgment_id')
    .pluck()
    .all(snapshot.id) as string[];
  return held.length === now.ids.length && held.every((id, i) => id === now.ids[i]);
}
