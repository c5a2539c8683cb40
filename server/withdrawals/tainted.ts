import { and, desc, eq } from 'drizzle-orm';
import { withdrawals } from '../../db/schema/erasures.ts';
import { latestExecutions } from '../chains/latest.ts';
import { type Ctx, requirePermission } from '../context.ts';
import type { TaintedModel } from './schemas.ts';

type TaintedSnapshot = { snapshotId: string; number: number; judgments: number; of: number };

/** Snapshots with judgments of a person, and every model that those shaped: reward models, policies, all generations. */
export function taintedBy(
  ctx: Pick<Ctx, 'db'>,
  { projectId, userId }: { projectId: string; userId: string },
): { snapshots: TaintedSnapshot[]; models: TaintedModel[] } {
  const client = ctx.db.$client;
  const snapshots = client
    .prepare(
      `SELECT s.id AS snapshotId, s.number, count(*) AS judgments, s.counts ->> '$.kept' AS "of"
       FROM judgments j JOIN snapshot_judgments m ON m.judgment_id = j.id JOIN snapshots s ON s.id = m.snapshot_id
       WHERE j.annotator_id = @userId AND s.project_id = @projectId GROUP BY s.id ORDER BY s.number`,
    )
    .all({ projectId, userId }) as TaintedSnapshot[];
  const models = client
    .prepare(
      `WITH RECURSIVE tainted(id, generation) AS (
         SELECT c.id, 1 FROM checkpoints c WHERE c.snapshot_id IN (SELECT value FROM json_each(@snapshots))
         UNION
         SELECT c.id, t.generation + 1 FROM tainted t
           JOIN checkpoints c ON c.parent_id = t.id OR c.reward_checkpoint_id = t.id)
       SELECT c.id AS checkpointId, m.name AS modelName, m.kind, c.step, c.run_id AS runId, min(t.generation) AS generation
       FROM tainted t JOIN checkpoints c ON c.id = t.id JOIN models m ON m.id = c.model_id
       GROUP BY c.id ORDER BY generation, c.id`,
    )
    .all({ snapshots: JSON.stringify(snapshots.map(({ snapshotId }) => snapshotId)) }) as TaintedModel[];
  return { snapshots, models };
}

/**
 * What would be touched if a person's judgments were withdrawn, or was when they were: snapshots, models, the withdrawals so far, the
 * newest first, and what came of fitting anew without them.
 */
export function readTainted({ ctx, input }: { ctx: Ctx; input: { projectId: string; userId: string } }) {
  const { projectId, userId } = input;
  requirePermission(ctx, projectId, 'judgments.read');
  const isTheirs = and(eq(withdrawals.projectId, projectId), eq(withdrawals.userId, userId));
  const known = ctx.db
    .select({
      withdrawalId: withdrawals.id,
      reason: withdrawals.reason,
      createdAt: withdrawals.createdAt,
      endedAt: withdrawals.endedAt,
    })
    .from(withdrawals)
    .where(isTheirs)
    .orderBy(desc(withdrawals.id))
    .limit(20)
    .all();
  return {
    ...taintedBy(ctx, input),
    withdrawals: known.map((row) => ({
      ...row,
      refits: latestExecutions(ctx.db, { scheduleId: row.withdrawalId, limit: 1 }),
    })),
  };
}
