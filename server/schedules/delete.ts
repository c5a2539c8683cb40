import { eq } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { appendAudit } from '../audit/append.ts';
import { executionUnderWay } from '../chains/internal.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getScheduleInProject } from './internal.ts';

/** Deletes a schedule. Runs it has started stay. Throws `conflict` while a chain of it is on its way. */
export function deleteSchedule({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; scheduleId: string };
}): { id: string } {
  requirePermission(ctx, input.projectId, 'schedules.write');
  const schedule = getScheduleInProject(ctx, input);
  ctx.db.transaction(
    () => {
      if (executionUnderWay(ctx.db, schedule.id)) {
        throw new DomainError('conflict', 'A chain of this schedule is on its way; cancel it first.');
      }
      ctx.db.delete(schedules).where(eq(schedules.id, schedule.id)).run();
      appendAudit(ctx, {
        action: 'schedules.delete',
        subject: schedule.id,
        projectId: input.projectId,
        payload: { name: schedule.name },
      });
    },
    { behavior: 'immediate' },
  );
  return { id: schedule.id };
}
