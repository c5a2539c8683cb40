import { and, eq } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { getCheckpointInProject, requireManifest } from '../models/internal.ts';
import type { Run } from './internal.ts';
import { type InputNeed, parseRecipeConfig, recipeInputs, type StartRunInput } from './schemas.ts';

/** Why a run starts by itself: the schedule, and the person who made it. */
type Origin = { scheduleId: string; createdBy: string };

/**
 * Queues a run: config parsed by the trainer's schema, every input checked to exist in the project, to be of the right kind
 * and to have the registered manifest. Writes run, job and audit event in one transaction.
 * Throws `invalid` with the field's path for a wrong config or a missing input.
 */
export function startRun({
  ctx,
  input,
  origin = null,
}: {
  ctx: Ctx;
  input: StartRunInput;
  origin?: Origin | null;
}): Run {
  requirePermission(ctx, input.projectId, 'runs.start');
  const { recipe, projectId } = input;
  const parsed = parseRecipeConfig(recipe, input.config);
  if (!parsed.ok) {
    const issues = parsed.issues.map(({ path, message }) => `${path || 'config'}: ${message}`);
    throw new DomainError('invalid', `The ${recipe} config is not valid. ${issues.join('; ')}`);
  }
  checkInputs(ctx, input);
  const now = ctx.now();
  const id = newId('run', now);
  return ctx.db.transaction(
    () => {
      const run = ctx.db
        .insert(runs)
        .values({
          id,
          projectId,
          recipe,
          name: input.name || `${recipe} ${new Date(now).toISOString().slice(0, 16).replace('T', ' ')}`,
          status: 'queued',
          config: parsed.config,
          modelCheckpointId: input.modelCheckpointId,
          rewardCheckpointId: input.rewardCheckpointId,
          snapshotId: input.snapshotId,
          scheduleId: origin?.scheduleId ?? null,
          folder: `runs/${id}`,
          createdBy: origin?.createdBy ?? (ctx.actor.type === 'user' ? ctx.actor.userId : ctx.actor.type),
          createdAt: now,
        })
        .returning()
        .get();
      const job = enqueueJob(ctx, { kind: 'train', payload: { runId: id }, runId: id });
      appendAudit(ctx, {
        action: 'runs.start',
        subject: id,
        projectId,
        payload: {
          recipe,
          jobId: job.id,
          config: parsed.config,
          modelCheckpointId: input.modelCheckpointId,
          rewardCheckpointId: input.rewardCheckpointId,
          snapshotId: input.snapshotId,
          scheduleId: origin?.scheduleId ?? null,
        },
      });
      return run;
    },
    { behavior: 'immediate' },
  );
}

function checkInputs(ctx: Ctx, input: StartRunInput): void {
  const { recipe, projectId, modelCheckpointId, rewardCheckpointId, snapshotId } = input;
  const needs = recipeInputs(recipe);
  requireChoice(recipe, 'model', { need: needs.model, value: modelCheckpointId });
  requireChoice(recipe, 'snapshot', { need: needs.snapshot, value: snapshotId });
  requireChoice(recipe, 'reward model', { need: needs.rewardModel, value: rewardCheckpointId });
  for (const [checkpointId, kind] of [
    [modelCheckpointId, 'language-model'],
    [rewardCheckpointId, 'reward-model'],
  ] as const) {
    if (checkpointId === null) continue;
    const { checkpoint, model } = getCheckpointInProject(ctx, { projectId, checkpointId });
    if (model.kind !== kind) {
      throw new DomainError(
        'invalid',
        `Checkpoint ${checkpointId} is a ${model.kind}; ${recipe} needs a ${kind} here.`,
      );
    }
    requireManifest(ctx, checkpoint);
  }
  if (snapshotId !== null) {
    const snapshot = ctx.db
      .select({ id: snapshots.id })
      .from(snapshots)
      .where(and(eq(snapshots.id, snapshotId), eq(snapshots.projectId, projectId)))
      .get();
    if (!snapshot) throw new DomainError('not-found', `No snapshot ${snapshotId} in this project.`);
  }
}

function requireChoice(
  recipe: string,
  what: string,
  { need, value }: { need: InputNeed; value: string | null },
): void {
  if (need === 'required' && value === null)
    throw new DomainError('invalid', `${recipe} needs a ${what}; none was chosen.`);
  if (need === 'none' && value !== null)
    throw new DomainError('invalid', `${recipe} takes no ${what}; ${value} was given.`);
}
