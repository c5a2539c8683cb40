import { and, eq } from 'drizzle-orm';
import { checkpoints, models } from '../../db/schema/models.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { type Checkpoint, checkpointFolder, readManifestSha256 } from './internal.ts';
import { registerCheckpoint } from './register.ts';

const NAME = 'toy-sft';
/** Folder of the toy model that comes with the code. A name never stands for other bytes than it did. */
export const BUNDLED_MODEL_FOLDER = `bundled:${NAME}`;

/**
 * Registers the bundled toy model in a project; asked again, returns the checkpoint that is there. A version that brings another
 * model brings it under another name, and keeps the old folder: data folders go on loading what they were begun with.
 */
export function registerBundled({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): Checkpoint {
  requirePermission(ctx, input.projectId, 'models.register');
  const manifestSha256 = readManifestSha256(checkpointFolder(ctx.dataFolder, BUNDLED_MODEL_FOLDER));
  const existing = ctx.db
    .select({ checkpoint: checkpoints })
    .from(checkpoints)
    .innerJoin(models, eq(models.id, checkpoints.modelId))
    .where(
      and(
        eq(models.projectId, input.projectId),
        eq(checkpoints.folder, BUNDLED_MODEL_FOLDER),
        eq(checkpoints.manifestSha256, manifestSha256),
      ),
    )
    .get();
  if (existing) return existing.checkpoint;
  return registerCheckpoint({
    ctx,
    input: {
      projectId: input.projectId,
      modelName: NAME,
      kind: 'language-model',
      folder: BUNDLED_MODEL_FOLDER,
      manifestSha256,
      step: 0,
      parentId: null,
      rewardCheckpointId: null,
      snapshotId: null,
      runId: null,
    },
  });
}
