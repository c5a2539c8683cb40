import { and, eq, isNull } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { appendAudit } from '../audit/append.ts';
import { beginExecution } from '../chains/begin.ts';
import { executionUnderWay } from '../chains/internal.ts';
import type { Ctx } from '../context.ts';
import type { Schedule } from './internal.ts';

/**
 * Fires a schedule: moves its own counter by compare-and-set in the transaction that begins the chain, so that two workers never
 * fire for the same N. Returns the execution, or null when somebody else was faster or a chain of it is on its way.
 */
export function fireSchedule(
  ctx: Ctx,
  schedule: Schedule,
  { judgmentCount }: { judgmentCount: number },
): { executionId: string } | null {
  return ctx.db.transaction(
    () => {
      if (executionUnderWay(ctx.db, schedule.id)) return null;
      const moved = ctx.db
        .update(schedules)
        .set({ lastCount: judgmentCount, lastFiredAt: ctx.now() })
        .where(
          and(
            eq(schedules.id, schedule.id),
            eq(schedules.enabled, schedule.enabled),
            eq(schedules.lastCount, schedule.lastCount),
            schedule.lastFiredAt === null
              ? isNull(schedules.lastFiredAt)
              : eq(schedules.lastFiredAt, schedule.lastFiredAt),
          ),
        )
        .run();
      if (moved.changes !== 1) return null;
      const { executionId } = beginExecution(ctx, { schedule, judgmentCount });
      appendAudit(ctx, {
        action: 'schedules.fire',
        subject: schedule.id,
        projectId: schedule.projectId,
        payload: { executionId, judgmentCount },
      });
      return { executionId };
    },
    { behavior: 'immediate' },
  );
}
