import path from 'node:path';
import {
  type DataKindOf,
  dataKindOf,
  definitionOf,
  parseConfig,
  type RecipeName,
} from '../../../trainer/config/recipes.ts';
import type { RecipeTask } from '../../../trainer/recipes/start.ts';
import type { Ctx } from '../../context.ts';
import { checkpointFolder, getCheckpointInProject, verifyFolder } from '../../models/internal.ts';
import type { Run } from '../../runs/internal.ts';
import { examplesOf } from './examples-of.ts';

/**
 * Everything a run trains on, as plain data: checkpoints and snapshot with every file hashed, rows read.
 * Throws `conflict` naming the file that was changed, `invalid` when there is nothing to train on.
 */
export function buildRecipeTask(
  ctx: Ctx,
  run: Run,
  start: { backend: string | null; resumeFrom: string | null },
): Promise<RecipeTask> {
  return taskOf(run.recipe, ctx, run, start);
}

async function taskOf<R extends RecipeName>(
  recipe: R,
  ctx: Ctx,
  run: Run,
  { backend, resumeFrom }: { backend: string | null; resumeFrom: string | null },
): Promise<RecipeTask<R>> {
  const config = parseConfig(recipe, run.config);
  const referencePrompts = definitionOf(recipe).numReferencePrompts?.(config) ?? 0;
  const data = await examplesOf<DataKindOf<R>>(dataKindOf(recipe), ctx, run, { referencePrompts });
  const folders = {
    model: await verifiedCheckpoint(ctx, run, run.modelCheckpointId),
    reward: await verifiedCheckpoint(ctx, run, run.rewardCheckpointId),
    out: path.join(ctx.dataFolder, run.folder),
    resumeFrom,
  };
  return { recipe, config, backend, folders, data };
}

async function verifiedCheckpoint(ctx: Ctx, run: Run, checkpointId: string | null): Promise<string | null> {
  if (checkpointId === null) return null;
  const { checkpoint } = getCheckpointInProject(ctx, { projectId: run.projectId, checkpointId });
  const folder = checkpointFolder(ctx.dataFolder, checkpoint.folder);
  await verifyFolder(folder, checkpoint.manifestSha256);
  return folder;
}
