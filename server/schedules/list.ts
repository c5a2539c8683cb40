import { desc, eq } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { storedSteps } from '../chains/internal.ts';
import { latestExecutions } from '../chains/latest.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { countJudgments, nextTime } from './internal.ts';

const SHOWN_EXECUTIONS = 5;

/** Schedules of a project with how near each is to firing and its last executions. */
export function listSchedules({ ctx, input }: { ctx: Ctx; input: { projectId: string } }) {
  requirePermission(ctx, input.projectId, 'runs.read');
  const numJudgments = countJudgments(ctx.db, input.projectId);
  return ctx.db
    .select()
    .from(schedules)
    .where(eq(schedules.projectId, input.projectId))
    .orderBy(desc(schedules.id))
    .all()
    .map((schedule) => ({
      ...schedule,
      steps: storedSteps(schedule.steps),
      newJudgments: numJudgments - schedule.lastCount,
      /** UTC ms of the next time by cron */
      nextAt: schedule.enabled ? nextTime(schedule) : null,
      executions: latestExecutions(ctx.db, { scheduleId: schedule.id, limit: SHOWN_EXECUTIONS }),
    }));
}
