import { eq } from 'drizzle-orm';
import { chainExecutions, chainSteps } from '../../db/schema/chains.ts';
import { runs } from '../../db/schema/runs.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { resumeJob } from '../jobs/queue.ts';
import { resumeRun } from '../runs/resume.ts';
import { advanceExecution, settleStep } from './advance.ts';
import {
  type Execution,
  executionUnderWay,
  getExecutionInProject,
  type StepState,
  stepStatesOf,
} from './internal.ts';

/**
 * Takes a paused, failed or cancelled chain up again where it stands: a run goes on from its last checkpoint, any other step that
 * had not ended well is done anew. Throws `conflict` when it is running or done, when its step has not come to rest yet after
 * being cancelled, or when its schedule has begun again meanwhile.
 */
export function resumeExecution({
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
      const states = stepStatesOf(ctx.db, execution.id);
      const current = states.find(({ status }) => !['done', 'skipped', 'waiting'].includes(status));
      requireAtRest(ctx, execution, current);
      ctx.db
        .update(chainExecutions)
        .set({ status: 'running', error: null, finishedAt: null })
        .where(eq(chainExecutions.id, execution.id))
        .run();
      appendAudit(ctx, {
        action: 'chains.resume',
        subject: execution.id,
        projectId: execution.projectId,
        payload: { from: execution.status },
      });
      if (current) takeUp(ctx, current);
      advanceExecution(ctx, execution.id);
      return getExecutionInProject(ctx, input);
    },
    { behavior: 'immediate' },
  );
}

function requireAtRest(ctx: Ctx, execution: Execution, current: StepState | undefined): void {
  if (execution.status === 'running' || execution.status === 'done') {
    throw new DomainError(
      'conflict',
      `Only a paused, failed or cancelled chain can be resumed; this one is ${execution.status}.`,
    );
  }
  if (execution.status === 'cancelled' && current?.status === 'running') {
    throw new DomainError('conflict', `Step "${current.key}" has not stopped yet; try again in a moment.`);
  }
  const other = executionUnderWay(ctx.db, execution.scheduleId);
  if (other && other.id !== execution.id) {
    throw new DomainError('conflict', 'Its schedule has begun again meanwhile; cancel that chain first.');
  }
}

function takeUp(ctx: Ctx, { id, status, runId, jobId }: StepState): void {
  if (runId !== null) {
    const run = ctx.db.select({ status: runs.status }).from(runs).where(eq(runs.id, runId)).get();
    // one that was asked to pause and has not come to rest just goes on; one that ended meanwhile has settled its step
    if (run?.status !== 'succeeded') resumeRun({ ctx, input: { runId } });
  } else if (jobId !== null && (status === 'paused' || status === 'running')) {
    resumeJob(ctx.db, jobId);
    settleStep(ctx, { jobId }, { status: 'running' });
  } else {
    ctx.db
      .update(chainSteps)
      .set({ status: 'waiting', jobId: null, reason: null, finishedAt: null })
      .where(eq(chainSteps.id, id))
      .run();
  }
}
