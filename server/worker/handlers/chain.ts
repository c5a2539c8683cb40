import { and, eq, gte } from 'drizzle-orm';
import { schedules } from '../../../db/schema/jobs.ts';
import { runs } from '../../../db/schema/runs.ts';
import { appendAudit } from '../../audit/append.ts';
import type { Ctx } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, type Job } from '../../jobs/queue.ts';
import { currentCheckpointId } from '../../models/internal.ts';
import { startRun } from '../../runs/start.ts';
import type { Schedule } from '../../schedules/internal.ts';
import { createSnapshot } from '../../snapshots/create.ts';
import type { JobContext } from '../job-context.ts';

/**
 * First link of a schedule's chain: freezes the judgments so far and queues the reward run on them. The PPO run is queued by
 * the end of that run (runs/finish.ts). Done again after a crash it makes another snapshot at most, never another run.
 */
export async function handle({ ctx, job, lease }: JobContext): Promise<void> {
  const { scheduleId } = jobDefinitions.chain.payload.parse(job.payload);
  const schedule = ctx.db.select().from(schedules).where(eq(schedules.id, scheduleId)).get();
  if (!schedule?.enabled || hasStarted(ctx, schedule, job)) {
    finishJob(ctx.db, lease, ctx.now());
    return;
  }
  const model = startingCheckpoint(ctx, schedule);
  const { projectId } = schedule;
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
  ctx.db.transaction(
    () => {
      if (!finishJob(ctx.db, lease, ctx.now())) return;
      startRun({
        ctx,
        input: {
          projectId,
          recipe: 'reward',
          name: `${schedule.name}: reward model`,
          config: schedule.chain.rewardConfig as Record<string, unknown>,
          modelCheckpointId: model,
          rewardCheckpointId: null,
          snapshotId,
        },
        origin: { scheduleId: schedule.id, createdBy: schedule.createdBy },
      });
    },
    { behavior: 'immediate' },
  );
}

/** The chain could not start: said in the audit log, where the schedule's page reads it. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  const { scheduleId } = jobDefinitions.chain.payload.parse(job.payload);
  const schedule = ctx.db.select().from(schedules).where(eq(schedules.id, scheduleId)).get();
  if (!schedule) return;
  appendAudit(ctx, {
    action: 'schedules.failed',
    subject: scheduleId,
    projectId: schedule.projectId,
    payload: { jobId: job.id, error },
  });
}

function hasStarted(ctx: Ctx, schedule: Schedule, job: Job): boolean {
  const run = ctx.db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.scheduleId, schedule.id), gte(runs.createdAt, job.createdAt)))
    .get();
  return run !== undefined;
}

function startingCheckpoint(ctx: Ctx, schedule: Schedule): string {
  const current = currentCheckpointId(ctx.db, schedule.chain.modelId);
  if (current === null) {
    throw new DomainError('invalid', `Model ${schedule.chain.modelId} of this schedule has no checkpoint.`);
  }
  return current;
}
