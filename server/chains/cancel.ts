import { eq } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requestCancel } from '../jobs/queue.ts';
import { cancelRun } from '../runs/cancel.ts';
import { isFinished } from '../runs/schemas.ts';
import { endExecution, settleStep } from './advance.ts';
import { type Execution, getExecutionInProject, stepStatesOf } from './internal.ts';

/**
 * Cancels a chain, and the run or job that is under way: it ends its step and stops. What earlier steps left stays. Throws
 * `conflict` when it has ended.
 */
export function cancelExecution({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; executionId: string };
}): Execution {
  requirePermission(ctx, input.projectId, 'schedules.write');
  return ctx.db.transaction(
    () => {
      const execution = getExecutionInProject(ctx, input);
      if (execution.status !== 'running' && execution.status !== 'paused') {
        throw new DomainError('conflict', `This chain has already ended: ${execution.status}.`);
      }
      endExecution(ctx, execution, { status: 'cancelled', error: null });
      const current = stepStatesOf(ctx.db, execution.id).find(
        ({ status }) => status === 'running' || status === 'paused',
      );
      if (current?.runId) {
        const run = ctx.db.select({ status: runs.status }).from(runs).where(eq(runs.id, current.runId)).get();
        if (run && !isFinished(run.status)) cancelRun({ ctx, input: { runId: current.runId } });
      } else if (current?.jobId && requestCancel(ctx, current.jobId) === 'cancelled') {
        settleStep(ctx, { jobId: current.jobId }, { status: 'cancelled' });
      }
      return getExecutionInProject(ctx, input);
    },
    { behavior: 'immediate' },
  );
}
