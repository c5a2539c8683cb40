import { eq } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { countJudgments, getScheduleInProject, type Schedule } from './internal.ts';

type Input = { projectId: string; scheduleId: string; enabled: boolean };

/** Switches a schedule on or off. On again, it counts from now: what came while it was off does not fire it at once. */
export function toggleSchedule({ ctx, input }: { ctx: Ctx; input: Input }): Schedule {
  requirePermission(ctx, input.projectId, 'schedules.write');
  const schedule = getScheduleInProject(ctx, input);
  if (schedule.enabled === input.enabled) return schedule;
  const restart = input.enabled
    ? { lastCount: countJudgments(ctx.db, input.projectId), lastFiredAt: ctx.now() }
    : {};
  return ctx.db.transaction(
    () => {
      const toggled = ctx.db
        .update(schedules)
        .set({ enabled: input.enabled, ...restart })
        .where(eq(schedules.id, schedule.id))
        .returning()
        .get();
      appendAudit(ctx, {
        action: input.enabled ? 'schedules.enable' : 'schedules.disable',
        subject: schedule.id,
        projectId: input.projectId,
        payload: {},
      });
      return toggled;
    },
    { behavior: 'immediate' },
  );
}
