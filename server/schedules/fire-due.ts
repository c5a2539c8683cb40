import { Cron } from 'croner';
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { jobs, schedules } from '../../db/schema/jobs.ts';
import { runs } from '../../db/schema/runs.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { countJudgments, type Schedule } from './internal.ts';

/**
 * Fires every schedule that is due; the worker calls this every few seconds. A firing moves the schedule's own counter by
 * compare-and-set in the transaction that queues the chain, so two workers never fire for the same N. While a chain of a
 * schedule is on its way it is not fired again. A cron time that passed while no worker ran is made up for once.
 */
export function fireDueSchedules(ctx: Ctx): string[] {
  const fired: string[] = [];
  for (const schedule of ctx.db.select().from(schedules).where(eq(schedules.enabled, true)).all()) {
    const count = countJudgments(ctx.db, schedule.projectId);
    if (!isDue(schedule, { count, now: ctx.now() }) || isUnderWay(ctx, schedule.id)) continue;
    if (fire(ctx, schedule, count)) fired.push(schedule.id);
  }
  return fired;
}

function isDue(schedule: Schedule, { count, now }: { count: number; now: number }): boolean {
  if (schedule.trigger === 'judgments') {
    return schedule.everyJudgments !== null && count - schedule.lastCount >= schedule.everyJudgments;
  }
  if (schedule.cron === null) return false;
  const next = new Cron(schedule.cron, { paused: true, timezone: 'UTC' }).nextRun(
    new Date(schedule.lastFiredAt ?? schedule.createdAt),
  );
  return next !== null && next.getTime() <= now;
}

function isUnderWay(ctx: Ctx, scheduleId: string): boolean {
  const run = ctx.db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.scheduleId, scheduleId), inArray(runs.status, ['queued', 'running'])))
    .get();
  if (run) return true;
  const job = ctx.db
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(
        eq(jobs.kind, 'chain'),
        inArray(jobs.status, ['queued', 'leased']),
        sql`json_extract(${jobs.payload}, '$.scheduleId') = ${scheduleId}`,
      ),
    )
    .get();
  return job !== undefined;
}

function fire(ctx: Ctx, schedule: Schedule, count: number): boolean {
  return ctx.db.transaction(
    () => {
      const moved = ctx.db
        .update(schedules)
        .set({ lastCount: count, lastFiredAt: ctx.now() })
        .where(
          and(
            eq(schedules.id, schedule.id),
            eq(schedules.enabled, true),
            eq(schedules.lastCount, schedule.lastCount),
            schedule.lastFiredAt === null
              ? isNull(schedules.lastFiredAt)
              : eq(schedules.lastFiredAt, schedule.lastFiredAt),
          ),
        )
        .run();
      if (moved.changes !== 1) return false;
      const job = enqueueJob(ctx, {
        kind: 'chain',
        payload: { scheduleId: schedule.id, judgmentCount: count },
      });
      appendAudit(ctx, {
        action: 'schedules.fire',
        subject: schedule.id,
        projectId: schedule.projectId,
        payload: { jobId: job.id, judgmentCount: count },
      });
      return true;
    },
    { behavior: 'immediate' },
  );
}
