import { and, eq, inArray } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { jobDefinitions } from '../jobs/definitions.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { getCheckpointInProject, requireManifest } from './internal.ts';
import type { AskInput } from './schemas.ts';

/**
 * Queues one prompt for some checkpoints: language models answer it, reward models score the answers, and the one that was given
 * along. What is typed and what comes back stays with the job for a day, and is no data of the project. Throws `invalid` where
 * nothing would be done, `conflict` while the same person still waits for another.
 */
export function askModels({ ctx, input }: { ctx: Ctx; input: AskInput }): { jobId: string } {
  const { projectId, answer, modelIds, rewardIds } = input;
  requirePermission(ctx, projectId, 'tasks.create');
  const requestedBy = requireUser(ctx);
  if (modelIds.length === 0 && rewardIds.length === 0)
    throw new DomainError('invalid', 'Choose a language model to answer, or a reward model to score.');
  if (modelIds.length === 0 && !answer)
    throw new DomainError(
      'invalid',
      'A reward model scores answers: write one, or choose a model that does.',
    );
  for (const [ids, kind] of [
    [modelIds, 'language-model'],
    [rewardIds, 'reward-model'],
  ] as const) {
    for (const checkpointId of ids) {
      const { checkpoint, model } = getCheckpointInProject(ctx, { projectId, checkpointId });
      if (model.kind !== kind)
        throw new DomainError(
          'invalid',
          `Checkpoint ${checkpointId} is a ${model.kind}, expected a ${kind}.`,
        );
      requireManifest(ctx, checkpoint);
    }
  }
  return ctx.db.transaction(
    () => {
      const waiting = ctx.db
        .select({ payload: jobs.payload })
        .from(jobs)
        .where(and(eq(jobs.kind, 'ask'), inArray(jobs.status, ['queued', 'leased'])))
        .all()
        .some(({ payload }) => jobDefinitions.ask.payload.parse(payload).requestedBy === requestedBy);
      if (waiting)
        throw new DomainError(
          'conflict',
          'Your last question is still being answered: wait for it, or cancel it.',
        );
      const job = enqueueJob(ctx, {
        kind: 'ask',
        payload: { ...input, answer: answer || null, requestedBy },
      });
      // the text is nobody's affair but theirs: the record says who asked which checkpoints
      appendAudit(ctx, {
        action: 'models.ask',
        subject: job.id,
        projectId,
        payload: { modelIds, rewardIds },
      });
      return { jobId: job.id };
    },
    { behavior: 'immediate' },
  );
}
