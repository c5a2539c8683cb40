import path from 'node:path';
import { ppoSchema } from '../../../trainer/config/ppo.ts';
import { pretrainSchema } from '../../../trainer/config/pretrain.ts';
import { rewardSchema } from '../../../trainer/config/reward.ts';
import { sftSchema } from '../../../trainer/config/sft.ts';
import type { Ctx } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import { checkpointFolder, getCheckpointInProject, verifyFolder } from '../../models/internal.ts';
import type { Run } from '../../runs/internal.ts';
import type { RecipeName } from '../../runs/schemas.ts';
import {
  promptExamplesOf,
  rankedExamplesOf,
  sftExamplesOf,
  textExamplesOf,
} from '../../runs/training-data.ts';
import { getSnapshotInProject, type Snapshot } from '../../snapshots/internal.ts';
import type { RecipeTask } from './process-task.ts';

/** PPO and score normalisation draw from at most this many prompts, so that memory stays bounded. */
const MAX_PROMPTS = 100_000;
const MAX_EVAL_PROMPTS = 64;

/**
 * Everything a run trains on, as plain data: checkpoints and snapshot with every file hashed, rows read.
 * Throws `conflict` naming the file that was changed, `invalid` when there is nothing to train on.
 */
export async function buildRecipeTask(
  ctx: Ctx,
  run: Run,
  { backend, resumeFrom }: { backend: string | null; resumeFrom: string | null },
): Promise<RecipeTask> {
  const shared = { backend, resumeFrom, outFolder: path.join(ctx.dataFolder, run.folder) };
  // what is imported while a run waits or is interrupted is not its data: a resumed half must see the same rows
  const { projectId, createdAt: until } = run;
  switch (run.recipe as RecipeName) {
    case 'pretrain': {
      const texts = textExamplesOf(ctx.db, { projectId, until });
      requireSome(texts, 'imported answers to prompts of the training split');
      return { ...shared, recipe: 'pretrain', config: pretrainSchema.parse(run.config), texts };
    }
    case 'sft': {
      const examples = await sftExamplesOf(ctx, snapshotOf(ctx, run));
      requireSome(examples, 'judgments with one best answer in the snapshot');
      const modelFolder = await verifiedCheckpoint(ctx, run, run.modelCheckpointId);
      return { ...shared, recipe: 'sft', config: sftSchema.parse(run.config), modelFolder, examples };
    }
    case 'reward': {
      const examples = await rankedExamplesOf(ctx, snapshotOf(ctx, run));
      requireSome(examples, 'rankable judgments in the snapshot');
      const config = rewardSchema.parse(run.config);
      const modelFolder = await verifiedCheckpoint(ctx, run, run.modelCheckpointId);
      const referencePrompts = promptExamplesOf(ctx.db, {
        projectId,
        until,
        split: 'train',
        limit: config.normalizeOn,
      });
      return { ...shared, recipe: 'reward', config, modelFolder, examples, referencePrompts };
    }
    case 'ppo': {
      const config = ppoSchema.parse(run.config);
      const modelFolder = await verifiedCheckpoint(ctx, run, run.modelCheckpointId);
      const rewardFolder = await verifiedCheckpoint(ctx, run, run.rewardCheckpointId);
      const prompts = promptExamplesOf(ctx.db, { projectId, until, split: 'train', limit: MAX_PROMPTS });
      requireSome(prompts, 'prompts of the training split');
      const evalPrompts = promptExamplesOf(ctx.db, {
        projectId,
        until,
        split: 'heldout',
        limit: MAX_EVAL_PROMPTS,
      });
      return { ...shared, recipe: 'ppo', config, modelFolder, rewardFolder, prompts, evalPrompts };
    }
  }
}

function requireSome(rows: unknown[], what: string): void {
  if (rows.length === 0) throw new DomainError('invalid', `There is nothing to train on: no ${what}.`);
}

async function verifiedCheckpoint(ctx: Ctx, run: Run, checkpointId: string | null): Promise<string> {
  if (checkpointId === null)
    throw new DomainError('invalid', `Run ${run.id} (${run.recipe}) names no checkpoint.`);
  const { checkpoint } = getCheckpointInProject(ctx, { projectId: run.projectId, checkpointId });
  const folder = checkpointFolder(ctx.dataFolder, checkpoint.folder);
  await verifyFolder(folder, checkpoint.manifestSha256);
  return folder;
}

function snapshotOf(ctx: Ctx, run: Run): Snapshot {
  if (run.snapshotId === null)
    throw new DomainError('invalid', `Run ${run.id} (${run.recipe}) names no snapshot.`);
  return getSnapshotInProject(ctx, { projectId: run.projectId, snapshotId: run.snapshotId });
}
