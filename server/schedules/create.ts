import { schedules } from '../../db/schema/jobs.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { checkSources } from '../chains/check-sources.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { checkCron, countJudgments, type Schedule } from './internal.ts';
import type { CreateScheduleInput } from './schemas.ts';

/**
 * Adds a schedule: a list of steps, every N new judgments (counted from now) or by cron (UTC). Whatever the steps name must be of the
 * project. Throws `invalid` naming the field.
 */
export function createSchedule({ ctx, input }: { ctx: Ctx; input: CreateScheduleInput }): Schedule {
  requirePermission(ctx, input.projectId, 'schedules.write');
  const createdBy = requireUser(ctx);
  const { projectId, trigger, everyJudgments, cron, steps } = input;
  if (cron !== null) checkCron(cron);
  checkSources(ctx, { projectId, steps });
  const now = ctx.now();
  return ctx.db.transaction(
    () => {
      const schedule = ctx.db
        .insert(schedules)
        .values({
          id: newId('sch', now),
          projectId,
          name: input.name,
          ...{ trigger, everyJudgments, cron, steps },
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
        payload: { trigger, everyJudgments, cron, steps },
      });
      return schedule;
    },
    { behavior: 'immediate' },
  );
}
