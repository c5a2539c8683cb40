import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { fireSchedule } from './fire.ts';
import { countJudgments, getScheduleInProject } from './internal.ts';

/**
 * Begins a schedule's chain by hand, switched on or off; it counts from now on as if it had come due. Throws `conflict` while a chain
 * of it is on its way.
 */
export function runScheduleNow({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; scheduleId: string };
}): { executionId: string } {
  requirePermission(ctx, input.projectId, 'schedules.write');
  const schedule = getScheduleInProject(ctx, input);
  const fired = fireSchedule(ctx, schedule, { judgmentCount: countJudgments(ctx.db, input.projectId) });
  if (fired === null) throw new DomainError('conflict', 'A chain of this schedule is on its way already.');
  return fired;
}
