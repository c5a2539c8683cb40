import { eq } from 'drizzle-orm';
import { chainExecutions } from '../../db/schema/chains.ts';
import { runs } from '../../db/schema/runs.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requestPause } from '../jobs/queue.ts';
import { pauseRun } from '../runs/pause.ts';
import { isFinished } from '../runs/schemas.ts';
import { settleStep } from './advance.ts';
import { type Execution, getExecutionInProject, stepStatesOf } from './internal.ts';

/**
 * Pauses a chain: nothing new starts, and what is under way pauses at its next step (a snapshot is made to its end). Throws
 * `conflict` when it is not running.
 */
export function pauseExecution({
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
      if (execution.status !== 'running') {
        throw new DomainError(
          'conflict',
          `Only a running chain can be paused; this one is ${execution.status}.`,
        );
      }
      ctx.db
        .update(chainExecutions)
        .set({ status: 'paused' })
        .where(eq(chainExecutions.id, execution.id))
        .run();
      appendAudit(ctx, {
        action: 'chains.pause',
        subject: execution.id,
        projectId: execution.projectId,
        payload: {},
      });
      const current = stepStatesOf(ctx.db, execution.id).find(({ status }) => status === 'running');
      if (current?.runId) {
        const run = ctx.db.select({ status: runs.status }).from(runs).where(eq(runs.id, current.runId)).get();
        if (run && !isFinished(run.status)) pauseRun({ ctx, input: { runId: current.runId } });
      } else if (current?.jobId && requestPause(ctx, current.jobId) === 'paused') {
        settleStep(ctx, { jobId: current.jobId }, { status: 'paused' });
      }
      return getExecutionInProject(ctx, input);
    },
    { behavior: 'immediate' },
  );
}
