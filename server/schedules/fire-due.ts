import { and, eq, isNull } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { projects } from '../../db/schema/projects.ts';
import { executionUnderWay } from '../chains/internal.ts';
import type { Ctx } from '../context.ts';
import { fireSchedule } from './fire.ts';
import { countJudgments, nextTime, type Schedule } from './internal.ts';

/**
 * Fires every schedule that is due; the worker calls this every few seconds. While a chain of a schedule is on its way it is not fired
 * again. A cron time that passed while no worker ran is made up for once.
 */
export function fireDueSchedules(ctx: Ctx): string[] {
  const fired: string[] = [];
  const enabled = ctx.db
    .select({ schedule: schedules })
    .from(schedules)
    .innerJoin(projects, eq(projects.id, schedules.projectId))
    .where(and(eq(schedules.enabled, true), isNull(projects.archivedAt)));
  for (const { schedule } of enabled.all()) {
    const count = countJudgments(ctx.db, schedule.projectId);
    if (!isDue(schedule, { count, now: ctx.now() }) || executionUnderWay(ctx.db, schedule.id)) continue;
    if (fireSchedule(ctx, schedule, { judgmentCount: count }) !== null) fired.push(schedule.id);
  }
  return fired;
}

function isDue(schedule: Schedule, { count, now }: { count: number; now: number }): boolean {
  if (schedule.trigger === 'judgments') {
    return schedule.everyJudgments !== null && count - schedule.lastCount >= schedule.everyJudgments;
  }
  const next = nextTime(schedule);
  return next !== null && next <= now;
}
