import { appendAudit } from '../../audit/append.ts';
import { settleStep } from '../../chains/advance.ts';
import type { Ctx } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import { type JobPayload, jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, type Job } from '../../jobs/queue.ts';
import { checkpointFolder, getCheckpointInProject, verifyFolder } from '../../models/internal.ts';
import { promptExamplesOf, rankedExamplesOf } from '../../runs/training-data.ts';
import { getSnapshotInProject } from '../../snapshots/internal.ts';
import type { JobContext } from '../job-context.ts';
import { restJob } from '../rest-job.ts';
import type { EvaluateTask } from './process-task.ts';
import { runInProcess } from './run-in-process.ts';

/** So that memory stays bounded. */
const MAX_PROMPTS = 100_000;

/** Measures checkpoints on held-out data in a process of their own; the figures go to the step of the chain that asked. */
export async function handle({ ctx, job, lease, backend, stopReason, lost }: JobContext): Promise<void> {
  const payload = jobDefinitions.evaluate.payload.parse(job.payload);
  const task = await buildTask(ctx, { job, payload, backend });
  let figures: Record<string, number> | null = null;
  await runInProcess(
    { kind: 'evaluate', task },
    {
      lost,
      onMessage(message) {
        if (message.type === 'figures') figures = message.figures;
        else if (message.type !== 'progress') throw new Error(`the evaluating process sent ${message.type}`);
        return { abort: stopReason() !== null };
      },
    },
  );
  if (figures === null) {
    restJob(ctx, { job, lease });
    return;
  }
  finish(ctx, { job, lease }, { payload, figures });
}

function finish(
  ctx: Ctx,
  { job, lease }: Pick<JobContext, 'job' | 'lease'>,
  { payload, figures }: { payload: JobPayload<'evaluate'>; figures: Record<string, number> },
): void {
  ctx.db.transaction(
    () => {
      if (!finishJob(ctx.db, lease, ctx.now())) return;
      appendAudit(ctx, {
        action: 'models.evaluate',
        subject: job.id,
        projectId: payload.projectId,
        payload: { ...payload.evaluation, figures },
      });
      settleStep(ctx, { jobId: job.id }, { status: 'done', figures });
    },
    { behavior: 'immediate' },
  );
}

/** The step of the chain has failed with it. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  settleStep(ctx, { jobId: job.id }, { status: 'failed', reason: error });
}

async function buildTask(
  ctx: Ctx,
  { job, payload, backend }: { job: Job; payload: JobPayload<'evaluate'>; backend: string | null },
): Promise<EvaluateTask> {
  const { projectId, evaluation } = payload;
  const folderOf = async (checkpointId: string) => {
    const { checkpoint } = getCheckpointInProject(ctx, { projectId, checkpointId });
    const folder = checkpointFolder(ctx.dataFolder, checkpoint.folder);
    await verifyFolder(folder, checkpoint.manifestSha256);
    return folder;
  };
  const rewardFolder = await folderOf(evaluation.rewardCheckpointId);
  if (evaluation.measure === 'accuracy') {
    const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId: evaluation.snapshotId });
    const all = await rankedExamplesOf(ctx, snapshot);
    const examples = all.filter(({ split }) => split === 'heldout');
    requireSome(examples, `held-out judgments among the ${all.length} rankable ones of the snapshot`);
    const { baselineCheckpointId: before } = evaluation;
    const baselineFolder = before === null ? null : await folderOf(before);
    return { backend, measure: 'accuracy', rewardFolder, baselineFolder, examples };
  }
  const { checkpointId, baselineCheckpointId, temperature, maxNewTokens, seed } = evaluation;
  // what is imported while it waits is not its data: done again it must give the same figures
  const prompts = promptExamplesOf(ctx.db, {
    ...{ projectId, split: 'heldout', until: job.createdAt, limit: MAX_PROMPTS },
  });
  requireSome(prompts, 'held-out prompts in this project');
  return {
    ...{ backend, measure: 'score', rewardFolder, prompts, temperature, maxNewTokens, seed },
    modelFolder: await folderOf(checkpointId),
    baselineFolder: baselineCheckpointId === null ? null : await folderOf(baselineCheckpointId),
  };
}

function requireSome(rows: unknown[], what: string): void {
  if (rows.length === 0) throw new DomainError('invalid', `There is nothing to measure on: no ${what}.`);
}
