import { and, eq } from 'drizzle-orm';
import { checkpoints, models } from '../../db/schema/models.ts';
import { type Ctx, requirePermission } from '../context.ts';
import type { Checkpoint } from './internal.ts';
import { registerCheckpoint } from './register.ts';

const NAME = 'toy-sft';
/** Folder of the toy model that comes with the code. */
export const BUNDLED_MODEL_FOLDER = `bundled:${NAME}`;

/** Registers the bundled toy model in a project; asked again, returns the checkpoint that is there. */
export function registerBundled({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): Checkpoint {
  requirePermission(ctx, input.projectId, 'models.register');
  const existing = ctx.db
    .select({ checkpoint: checkpoints })
    .from(checkpoints)
    .innerJoin(models, eq(models.id, checkpoints.modelId))
    .where(and(eq(models.projectId, input.projectId), eq(checkpoints.folder, BUNDLED_MODEL_FOLDER)))
    .get();
  if (existing) return existing.checkpoint;
  return registerCheckpoint({
    ctx,
    input: {
      projectId: input.projectId,
      modelName: NAME,
      kind: 'language-model',
      folder: BUNDLED_MODEL_FOLDER,
      manifestSha256: null,
      step: 0,
      parentId: null,
      rewardCheckpointId: null,
      snapshotId: null,
      runId: null,
    },
  });
}
