import { eq } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { appendAudit } from '../audit/append.ts';
import { checkSources } from '../chains/check-sources.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { checkCron, countJudgments, getScheduleInProject, type Schedule } from './internal.ts';
import type { UpdateScheduleInput } from './schemas.ts';

/**
 * Changes a schedule. A chain under way keeps the steps it began with. With another trigger it counts from now. Throws `invalid`
 * naming the field.
 */
export function updateSchedule({ ctx, input }: { ctx: Ctx; input: UpdateScheduleInput }): Schedule {
  requirePermission(ctx, input.projectId, 'schedules.write');
  const schedule = getScheduleInProject(ctx, input);
  const { projectId, name, trigger, everyJudgments, cron, steps } = input;
  if (cron !== null) checkCron(cron);
  checkSources(ctx, { projectId, steps });
  const hasNewTrigger = trigger !== schedule.trigger || cron !== schedule.cron;
  const restart = hasNewTrigger
    ? { lastCount: countJudgments(ctx.db, projectId), lastFiredAt: ctx.now() }
    : {};
  return ctx.db.transaction(
    () => {
      const updated = ctx.db
        .update(schedules)
        .set({ name, trigger, everyJudgments, cron, steps, ...restart })
        .where(eq(schedules.id, schedule.id))
        .returning()
        .get();
      appendAudit(ctx, {
        action: 'schedules.update',
        subject: schedule.id,
        projectId,
        payload: { name, trigger, everyJudgments, cron, steps },
      });
      return updated;
    },
    { behavior: 'immediate' },
  );
}
