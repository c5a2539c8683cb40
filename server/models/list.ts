import { asc, desc, eq } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { checkpoints, models } from '../../db/schema/models.ts';
import { runs } from '../../db/schema/runs.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { describeSnapshot } from '../runs/get.ts';
import { currentCheckpointId } from './internal.ts';

const scorers = alias(checkpoints, 'scorers');

/** Models of a project by name, each with its checkpoints, newest first, and where every one came from. */
export function listModels({ ctx, input }: { ctx: Ctx; input: { projectId: string } }) {
  requirePermission(ctx, input.projectId, 'models.read');
  const rows = ctx.db
    .select({
      model: models,
      checkpoint: checkpoints,
      scorerSnapshotId: scorers.snapshotId,
      run: { id: runs.id, name: runs.name, recipe: runs.recipe },
    })
    .from(models)
    .leftJoin(checkpoints, eq(checkpoints.modelId, models.id))
    .leftJoin(scorers, eq(scorers.id, checkpoints.rewardCheckpointId))
    .leftJoin(runs, eq(runs.id, checkpoints.runId))
    .where(eq(models.projectId, input.projectId))
    .orderBy(asc(models.name), desc(checkpoints.id))
    .all();
  const byModel = new Map<string, { model: typeof models.$inferSelect; checkpoints: CheckpointItem[] }>();
  for (const { model, checkpoint, run, scorerSnapshotId } of rows) {
    const entry = byModel.get(model.id) ?? { model, checkpoints: [] };
    byModel.set(model.id, entry);
    if (checkpoint) {
      entry.checkpoints.push({
        ...checkpoint,
        run,
        snapshot: describeSnapshot(ctx, checkpoint.snapshotId ?? scorerSnapshotId),
      });
    }
  }
  return [...byModel.values()].map(({ model, checkpoints: items }) => ({
    ...model,
    currentCheckpointId: currentCheckpointId(ctx.db, model.id),
    checkpoints: items,
  }));
}

type CheckpointItem = typeof checkpoints.$inferSelect & {
  run: { id: string; name: string; recipe: string } | null;
  /** what it was trained on; for a policy of PPO what its reward model was fitted on */
  snapshot: ReturnType<typeof describeSnapshot>;
};
