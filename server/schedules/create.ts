import { Cron } from 'croner';
import { and, eq } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { models } from '../../db/schema/models.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { parseRecipeConfig } from '../runs/schemas.ts';
import { countJudgments, type Schedule } from './internal.ts';
import type { CreateScheduleInput } from './schemas.ts';

/**
 * Adds a schedule: snapshot, reward model, PPO, every N new judgments (counted from now) or by cron (UTC). Both configs are
 * checked by the trainer's schemas and kept resolved. Throws `invalid` naming the field.
 */
export function createSchedule({ ctx, input }: { ctx: Ctx; input: CreateScheduleInput }): Schedule {
  requirePermission(ctx, input.projectId, 'schedules.write');
  const createdBy = requireUser(ctx);
  const { projectId, modelId, trigger, cron } = input;
  const model = ctx.db
    .select()
    .from(models)
    .where(and(eq(models.id, modelId), eq(models.projectId, projectId)))
    .get();
  if (!model) throw new DomainError('not-found', `No model ${modelId} in this project.`);
  if (model.kind !== 'language-model') {
    throw new DomainError(
      'invalid',
      `modelId: ${model.name} is a reward model; the chain trains a language model.`,
    );
  }
  if (cron !== null) checkCron(cron);
  const chain = {
    modelId,
    rewardConfig: resolved('reward', input.rewardConfig),
    ppoConfig: resolved('ppo', input.ppoConfig),
  };
  const now = ctx.now();
  return ctx.db.transaction(
    () => {
      const schedule = ctx.db
        .insert(schedules)
        .values({
          id: newId('sch', now),
          projectId,
          name: input.name,
          trigger,
          everyJudgments: input.everyJudgments,
          cron,
          chain,
          lastCount: countJudgments(ctx.db, projectId),
          createdBy,
          createdAt: now,
        })
        .returning()
        .get();
      appendAudit(ctx, {
        action: 'schedules.create',
        subject: schedule.id,
        projectId,
        payload: { trigger, everyJudgments: input.everyJudgments, cron, chain },
      });
      return schedule;
    },
    { behavior: 'immediate' },
  );
}

function checkCron(cron: string): void {
  try {
    if (new Cron(cron, { paused: true, timezone: 'UTC' }).nextRun() === null)
      throw new Error('it never comes due');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('invalid', `cron: "${cron}" is not a cron expression: ${reason}`, { cause });
  }
}

function resolved(recipe: 'reward' | 'ppo', config: unknown): unknown {
  const parsed = parseRecipeConfig(recipe, config);
  if (parsed.ok) return parsed.config;
  const issues = parsed.issues.map(({ path, message }) => `${recipe}Config.${path}: ${message}`);
  throw new DomainError('invalid', issues.join('; '));
}
