import { and, desc, eq } from 'drizzle-orm';
import { checkpoints, models } from '../../db/schema/models.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { type Estimate, estimateRun } from '../runs/estimate.ts';
import { RECIPES, type RecipeName, recipeInputs } from '../runs/schemas.ts';
import { getCheckpointInProject } from './internal.ts';

/**
 * What each recipe that starts from this language model would take here with its defaults, on the newest snapshot and reward
 * model of the project: before anything is chosen, whether it fits and how long it lasts. Empty for a reward model.
 */
export function estimateRecipes({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; checkpointId: string };
}): { recipe: RecipeName; estimate: Estimate }[] {
  requirePermission(ctx, input.projectId, 'runs.start');
  const { projectId, checkpointId } = input;
  if (getCheckpointInProject(ctx, input).model.kind !== 'language-model') return [];
  const snapshotId =
    ctx.db
      .select({ id: snapshots.id })
      .from(snapshots)
      .where(eq(snapshots.projectId, projectId))
      .orderBy(desc(snapshots.number))
      .get()?.id ?? null;
  const rewardCheckpointId =
    ctx.db
      .select({ id: checkpoints.id })
      .from(checkpoints)
      .innerJoin(models, eq(models.id, checkpoints.modelId))
      .where(and(eq(models.projectId, projectId), eq(models.kind, 'reward-model')))
      .orderBy(desc(checkpoints.id))
      .get()?.id ?? null;
  return RECIPES.filter((recipe) => recipeInputs(recipe).model === 'required').map((recipe) => ({
    recipe,
    estimate: estimateRun({
      ctx,
      input: {
        ...{ projectId, recipe, config: {}, modelCheckpointId: checkpointId },
        rewardCheckpointId: recipeInputs(recipe).rewardModel === 'required' ? rewardCheckpointId : null,
        snapshotId: recipeInputs(recipe).snapshot === 'required' ? snapshotId : null,
      },
    }),
  }));
}
