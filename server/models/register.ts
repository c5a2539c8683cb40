import { and, eq } from 'drizzle-orm';
import { type CheckpointOrigin, checkpoints, models } from '../../db/schema/models.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type Checkpoint, checkpointFolder, type Model, readManifestSha256 } from './internal.ts';
import type { ModelKind } from './schemas.ts';

type Input = {
  projectId: string;
  /** the model it belongs to; made when it does not exist */
  modelName: string;
  kind: ModelKind;
  /** below the data folder, or `bundled:<name>` */
  folder: string;
  /** what the folder's manifest.json must hash to; null = whatever it is now */
  manifestSha256: string | null;
  step: number;
  parentId: string | null;
  rewardCheckpointId: string | null;
  snapshotId: string | null;
  runId: string | null;
  /** of a model that was not trained here */
  origin?: CheckpointOrigin | null;
};

/** Registers a folder of weights as a checkpoint of a model. The manifest is read and must be the expected one. */
export function registerCheckpoint({ ctx, input }: { ctx: Ctx; input: Input }): Checkpoint {
  requirePermission(ctx, input.projectId, 'models.register');
  const manifestSha256 = readManifestSha256(checkpointFolder(ctx.dataFolder, input.folder));
  if (input.manifestSha256 !== null && input.manifestSha256 !== manifestSha256) {
    throw new DomainError(
      'conflict',
      `${input.folder}/manifest.json has sha256 ${manifestSha256}, expected ${input.manifestSha256}.`,
    );
  }
  return ctx.db.transaction(
    () => {
      const now = ctx.now();
      const existing = requireKindOfName(ctx, input);
      const model =
        existing ??
        ctx.db
          .insert(models)
          .values({
            id: newId('mdl', now),
            projectId: input.projectId,
            name: input.modelName,
            kind: input.kind,
            createdAt: now,
          })
          .returning()
          .get();
      const checkpoint = ctx.db
        .insert(checkpoints)
        .values({
          id: newId('ckp', now),
          modelId: model.id,
          parentId: input.parentId,
          rewardCheckpointId: input.rewardCheckpointId,
          snapshotId: input.snapshotId,
          runId: input.runId,
          step: input.step,
          folder: input.folder,
          manifestSha256,
          origin: input.origin ?? null,
          createdAt: now,
        })
        .returning()
        .get();
      appendAudit(ctx, {
        action: 'models.register',
        subject: checkpoint.id,
        projectId: input.projectId,
        payload: {
          modelId: model.id,
          parentId: input.parentId,
          rewardCheckpointId: input.rewardCheckpointId,
          snapshotId: input.snapshotId,
          runId: input.runId,
          step: input.step,
          manifestSha256,
          ...(input.origin ? { origin: auditedOrigin(input.origin) } : {}),
        },
      });
      return checkpoint;
    },
    { behavior: 'immediate' },
  );
}

/** The model that a name belongs to, if there is one. Throws `conflict` when it is of another kind. */
export function requireKindOfName(
  ctx: Pick<Ctx, 'db'>,
  { projectId, modelName, kind }: Pick<Input, 'projectId' | 'modelName' | 'kind'>,
): Model | undefined {
  const existing = ctx.db
    .select()
    .from(models)
    .where(and(eq(models.projectId, projectId), eq(models.name, modelName)))
    .get();
  if (existing && existing.kind !== kind)
    throw new DomainError('conflict', `Model ${modelName} is a ${existing.kind}, not a ${kind}.`);
  return existing;
}

/** Without the sample: the log holds what vouches, not texts. */
function auditedOrigin({ sample: _, ...origin }: CheckpointOrigin): Omit<CheckpointOrigin, 'sample'> {
  return origin;
}
