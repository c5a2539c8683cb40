import { Cron } from 'croner';
import { and, eq } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { countsOf } from '../../db/counts.ts';
import { schedules } from '../../db/schema/jobs.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';

export type Schedule = typeof schedules.$inferSelect;

export function getScheduleInProject(
  ctx: Ctx,
  { projectId, scheduleId }: { projectId: string; scheduleId: string },
): Schedule {
  const row = ctx.db
    .select()
    .from(schedules)
    .where(and(eq(schedules.id, scheduleId), eq(schedules.projectId, projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No schedule ${scheduleId} in this project.`);
  return row;
}

/** Throws `invalid` when it is no cron expression or never comes due. */
export function checkCron(cron: string): void {
  try {
    if (new Cron(cron, { paused: true, timezone: 'UTC' }).nextRun() === null)
      throw new Error('it never comes due');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('invalid', `cron: "${cron}" is not a cron expression: ${reason}`, { cause });
  }
}

/** UTC ms of the next time by cron; null for a schedule without one. */
export function nextTime({ cron, lastFiredAt, createdAt }: Schedule): number | null {
  if (cron === null) return null;
  const next = new Cron(cron, { paused: true, timezone: 'UTC' }).nextRun(new Date(lastFiredAt ?? createdAt));
  return next?.getTime() ?? null;
}

/** Judgments of a project; a revision corrects one and is not a new one. */
export function countJudgments(db: Db, projectId: string): number {
  return Object.values(countsOf(db, projectId, 'judgments')).reduce((sum, n) => sum + n, 0);
}
