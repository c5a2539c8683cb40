import { and, asc, eq, inArray } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import { appendAudit } from '../audit/append.ts';
import { settleStep } from '../chains/advance.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { jobDefinitions } from '../jobs/definitions.ts';
import { type Job, requestCancel } from '../jobs/queue.ts';
import { secondsLeft } from '../jobs/seconds-left.ts';
import { generateProgressSchema } from './schemas.ts';

/** The writings of responses that a project waits for, oldest first: how far each is, and how long it still takes. */
export function listGenerations({ ctx, input }: { ctx: Ctx; input: { projectId: string } }) {
  requirePermission(ctx, input.projectId, 'models.read');
  return openGenerations(ctx, input.projectId).map(({ job, payload }) => {
    const parsed = generateProgressSchema.safeParse(job.progress);
    const progress = parsed.success ? parsed.data : null;
    return {
      jobId: job.id,
      status: job.status,
      isStopping: job.cancelRequestedAt !== null,
      checkpointIds: payload.checkpointIds,
      numPrompts: payload.promptIds.length,
      done: progress?.done ?? 0,
      total: payload.promptIds.length * payload.responsesPerPrompt * payload.checkpointIds.length,
      remainingSeconds: job.status === 'leased' && progress ? secondsLeft(progress, ctx.now()) : null,
    };
  });
}

/** Cancels a writing of responses; those that are written stay. Throws `not-found` for one that the project does not wait for. */
export function cancelGeneration({ ctx, input }: { ctx: Ctx; input: { projectId: string; jobId: string } }): {
  status: Job['status'] | null;
} {
  requirePermission(ctx, input.projectId, 'tasks.create');
  return ctx.db.transaction(
    () => {
      const found = openGenerations(ctx, input.projectId).find(({ job }) => job.id === input.jobId);
      if (!found) throw new DomainError('not-found', `No responses are being written by ${input.jobId}.`);
      const status = requestCancel(ctx, input.jobId);
      if (status === 'cancelled') settleStep(ctx, { jobId: input.jobId }, { status: 'cancelled' });
      appendAudit(ctx, {
        action: 'models.cancelGeneration',
        subject: input.jobId,
        projectId: input.projectId,
        payload: {},
      });
      return { status };
    },
    { behavior: 'immediate' },
  );
}

function openGenerations(ctx: Ctx, projectId: string) {
  return ctx.db
    .select()
    .from(jobs)
    .where(and(inArray(jobs.status, ['queued', 'leased', 'paused']), eq(jobs.kind, 'generate')))
    .orderBy(asc(jobs.id))
    .all()
    .map((job) => ({ job, payload: jobDefinitions.generate.payload.parse(job.payload) }))
    .filter(({ payload }) => payload.projectId === projectId);
}
