import { chainExecutions, chainSteps } from '../../db/schema/chains.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { currentCheckpointId } from '../models/internal.ts';
import type { Schedule } from '../schedules/internal.ts';
import { advanceExecution } from './advance.ts';
import { storedSteps } from './internal.ts';
import { needsOf } from './schemas.ts';

/** A schedule, or whatever else has a list of steps begun in its name. */
type Beginning = Pick<Schedule, 'id' | 'projectId' | 'name' | 'steps' | 'createdBy'>;

/**
 * Begins a schedule's chain: writes the execution with its own copy of the steps and starts the first. A first step that cannot
 * start leaves a failed execution that says why. Call inside the transaction that fired the schedule.
 */
export function beginExecution(
  ctx: Ctx,
  { schedule, judgmentCount }: { schedule: Beginning; judgmentCount: number },
): { executionId: string } {
  const now = ctx.now();
  const steps = storedSteps(schedule.steps);
  const checkpointOfModel: Record<string, string> = {};
  for (const { source } of steps.flatMap((step) => needsOf(step))) {
    if (source?.from !== 'model') continue;
    const checkpointId = currentCheckpointId(ctx.db, source.modelId);
    if (checkpointId !== null) checkpointOfModel[source.modelId] = checkpointId;
  }
  const executionId = newId('exe', now);
  ctx.db
    .insert(chainExecutions)
    .values({
      id: executionId,
      projectId: schedule.projectId,
      scheduleId: schedule.id,
      name: schedule.name,
      status: 'running',
      steps,
      checkpointOfModel,
      judgmentCount,
      createdBy: schedule.createdBy,
      createdAt: now,
    })
    .run();
  steps.forEach(({ key }, position) => {
    ctx.db
      .insert(chainSteps)
      .values({ id: newId('stp', now), executionId, position, key, status: 'waiting' })
      .run();
  });
  advanceExecution(ctx, executionId);
  return { executionId };
}
