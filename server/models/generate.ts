import { and, asc, eq, inArray, isNull, notExists, sql } from 'drizzle-orm';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob, type Job } from '../jobs/queue.ts';
import { getCheckpointInProject, requireManifest } from './internal.ts';
import type { GenerateInput } from './schemas.ts';

/**
 * Queues the writing of responses by one or more checkpoints to the oldest prompts that they have not answered, and, if asked, of
 * tasks from them. Throws `invalid` when no such prompt is left.
 */
export function generateResponses({ ctx, input }: { ctx: Ctx; input: GenerateInput }): {
  jobId: Job['id'];
  numPrompts: number;
} {
  requirePermission(ctx, input.projectId, 'tasks.create');
  const { job, numPrompts } = enqueueGeneration(ctx, { ...input, requestedBy: requireUser(ctx) });
  return { jobId: job.id, numPrompts };
}

/** The same for whoever has been found to have the right: a person, or the chain that this person set up. */
export function enqueueGeneration(
  ctx: Ctx,
  { projectId, numPrompts, requestedBy, ...settings }: GenerateInput & { requestedBy: string },
): { job: Job; numPrompts: number } {
  const { checkpointIds } = settings;
  for (const checkpointId of checkpointIds) {
    const { checkpoint, model } = getCheckpointInProject(ctx, { projectId, checkpointId });
    if (model.kind !== 'language-model') {
      throw new DomainError(
        'invalid',
        `Checkpoint ${checkpointId} is a reward model; it scores and cannot write.`,
      );
    }
    requireManifest(ctx, checkpoint);
  }
  if (settings.createTasks && settings.responsesPerPrompt * checkpointIds.length < 2) {
    throw new DomainError(
      'invalid',
      'A task needs two responses or more: raise the number per prompt, or add a checkpoint.',
    );
  }
  const promptIds = promptsToAnswer(ctx, { projectId, checkpointIds, numPrompts });
  if (promptIds.length === 0) {
    throw new DomainError(
      'invalid',
      'Every prompt of this project has been answered by these checkpoints already.',
    );
  }
  return ctx.db.transaction(
    () => {
      const job = enqueueJob(ctx, {
        kind: 'generate',
        payload: { ...settings, projectId, promptIds, requestedBy },
      });
      appendAudit(ctx, {
        action: 'models.generate',
        subject: job.id,
        projectId,
        payload: { ...settings, numPrompts: promptIds.length },
      });
      return { job, numPrompts: promptIds.length };
    },
    { behavior: 'immediate' },
  );
}

/** The oldest prompts that none of the checkpoints has answered, `numPrompts` at most. */
export function promptsToAnswer(
  ctx: Pick<Ctx, 'db'>,
  { projectId, checkpointIds, numPrompts }: Pick<GenerateInput, 'projectId' | 'checkpointIds' | 'numPrompts'>,
): string[] {
  const answered = ctx.db
    .select({ one: sql`1` })
    .from(responses)
    // by prompt, which has few: a checkpoint has answered many
    .where(and(eq(responses.promptId, prompts.id), inArray(sql`+${responses.checkpointId}`, checkpointIds)));
  return ctx.db
    .select({ id: prompts.id })
    .from(prompts)
    .where(and(eq(prompts.projectId, projectId), isNull(prompts.erasedAt), notExists(answered)))
    .orderBy(asc(prompts.id))
    .limit(numPrompts)
    .all()
    .map((row) => row.id);
}
