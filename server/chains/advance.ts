import { eq } from 'drizzle-orm';
import { chainExecutions, chainSteps } from '../../db/schema/chains.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type Execution, resolveSource, type StepState, stepStatesOf, storedSteps } from './internal.ts';
import { obstacleOf } from './obstacle.ts';
import { startStep } from './start-step.ts';

/** What became of a step. */
export type Outcome =
  | { status: 'running' }
  | { status: 'paused' }
  | { status: 'cancelled' }
  | { status: 'failed'; reason: string }
  | {
      status: 'done';
      figures: Record<string, number>;
      checkpointId?: string | null;
      snapshotId?: string | null;
    };

/**
 * Says what became of the run or job that does a step of a chain, and takes the chain on from there; does nothing where it belongs
 * to none. Call inside the transaction that ended, paused or resumed it: so each step is started exactly once, wherever the worker
 * is killed.
 */
export function settleStep(ctx: Ctx, by: { runId: string } | { jobId: string }, outcome: Outcome): void {
  const state = ctx.db
    .select()
    .from(chainSteps)
    .where('runId' in by ? eq(chainSteps.runId, by.runId) : eq(chainSteps.jobId, by.jobId))
    .get();
  if (!state) return;
  const hasEnded = outcome.status !== 'running' && outcome.status !== 'paused';
  const change = { reason: null, ...outcome, finishedAt: hasEnded ? ctx.now() : null };
  ctx.db.update(chainSteps).set(change).where(eq(chainSteps.id, state.id)).run();
  const execution = executionOf(ctx, state);
  const isUnderWay = execution.status === 'running' || execution.status === 'paused';
  switch (outcome.status) {
    case 'done':
      advanceExecution(ctx, execution.id);
      return;
    case 'running':
      // a run that is taken up again takes its chain up again
      setExecution(ctx, execution, { status: 'running', error: null, finishedAt: null });
      return;
    case 'paused':
      if (execution.status === 'running') setExecution(ctx, execution, { status: 'paused' });
      return;
    case 'failed':
      if (isUnderWay) endExecution(ctx, execution, { status: 'failed', error: failureOf(state, outcome) });
      return;
    case 'cancelled':
      if (isUnderWay) endExecution(ctx, execution, { status: 'cancelled', error: null });
      return;
    default:
      outcome satisfies never;
  }
}

/**
 * Starts the next step of an execution, or ends it after the last; does nothing while one is under way or the execution is not
 * running. Steps whose conditions do not hold are passed over. Call inside a transaction.
 */
export function advanceExecution(ctx: Ctx, executionId: string): void {
  const execution = ctx.db.select().from(chainExecutions).where(eq(chainExecutions.id, executionId)).get();
  if (execution?.status !== 'running') return;
  const steps = storedSteps(execution.steps);
  const count = steps.length;
  for (let position = 0; position < count; position++) {
    const states = stepStatesOf(ctx.db, executionId);
    const [step, state] = [steps[position], states[position]];
    if (!step || !state) throw new Error(`execution ${executionId} has no step ${position}`);
    if (state.status === 'done' || state.status === 'skipped') continue;
    if (state.status !== 'waiting') return;
    try {
      // a savepoint: what a step wrote that then could not start comes to nothing, the end of the step before it stays
      const obstacle = ctx.db.transaction(() => {
        const skipped = obstacleOf(step, states.slice(0, position));
        if (skipped !== null) return skipped;
        const at = (source: Parameters<typeof resolveSource>[0]) =>
          resolveSource(source, { execution, states });
        const started = startStep(ctx, { execution, step, at });
        if ('skipped' in started) return started.skipped;
        const change = { ...started, status: 'running' as const, startedAt: ctx.now(), reason: null };
        ctx.db.update(chainSteps).set(change).where(eq(chainSteps.id, state.id)).run();
        return null;
      });
      if (obstacle === null) return;
      skip(ctx, { execution, state, reason: obstacle });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const outcome = { status: 'failed' as const, reason: error.message };
      ctx.db
        .update(chainSteps)
        .set({ ...outcome, finishedAt: ctx.now() })
        .where(eq(chainSteps.id, state.id))
        .run();
      endExecution(ctx, execution, { status: 'failed', error: failureOf(state, outcome) });
      return;
    }
  }
  endExecution(ctx, execution, { status: 'done', error: null });
}

function skip(
  ctx: Ctx,
  { execution, state, reason }: { execution: Execution; state: StepState; reason: string },
): void {
  const now = ctx.now();
  ctx.db
    .update(chainSteps)
    .set({ status: 'skipped', reason, finishedAt: now })
    .where(eq(chainSteps.id, state.id))
    .run();
  appendAudit(ctx, {
    action: 'chains.skip',
    subject: execution.id,
    projectId: execution.projectId,
    payload: { step: state.key, reason },
  });
}

/** Ends an execution, with its audit record. Call inside a transaction. */
export function endExecution(
  ctx: Ctx,
  execution: Execution,
  { status, error }: { status: 'done' | 'failed' | 'cancelled'; error: string | null },
): void {
  setExecution(ctx, execution, { status, error, finishedAt: ctx.now() });
  appendAudit(ctx, {
    action: status === 'cancelled' ? 'chains.cancel' : 'chains.finish',
    subject: execution.id,
    projectId: execution.projectId,
    payload: { scheduleId: execution.scheduleId, status },
  });
}

function setExecution(ctx: Ctx, { id }: Execution, change: Partial<Execution>): void {
  ctx.db.update(chainExecutions).set(change).where(eq(chainExecutions.id, id)).run();
}

function executionOf(ctx: Ctx, state: StepState): Execution {
  const row = ctx.db.select().from(chainExecutions).where(eq(chainExecutions.id, state.executionId)).get();
  if (!row) throw new Error(`step ${state.id} is of execution ${state.executionId}, which does not exist`);
  return row;
}

function failureOf({ key }: StepState, { reason }: { reason: string }): string {
  return `Step "${key}": ${reason}`;
}
