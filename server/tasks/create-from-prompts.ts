import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { getProjectSettings } from './internal.ts';
import { latestMaking } from './making.ts';
import { type CreateFromPromptsInput, createFromPromptsInput } from './schemas.ts';

const missing = (db: Db) =>
  db.$client
    .prepare(
      `SELECT value FROM json_each(@promptIds) WHERE NOT EXISTS (
         SELECT 1 FROM prompts p WHERE p.id = value AND p.project_id = @projectId AND p.erased_at IS NULL) LIMIT 1`,
    )
    .pluck();

/**
 * Has the worker make tasks of the responses that prompts have: one task with all of them, or one for each pair. How far it is
 * says `tasks.making`. Throws `not-found` naming a prompt that is not in the project, `conflict` while tasks of the project are
 * being made already.
 */
export function createTasksFromPrompts({ ctx, input }: { ctx: Ctx; input: CreateFromPromptsInput }): {
  jobId: string;
} {
  const { projectId, promptIds, arrange, priority, overlap } = createFromPromptsInput.parse(input);
  const requestedBy = requireUser(ctx);
  return ctx.db.transaction(
    () => {
      const unknown = prepared(ctx.db, missing).get({
        projectId,
        promptIds: JSON.stringify(promptIds ?? []),
      });
      if (unknown !== undefined) throw new DomainError('not-found', `No prompt ${unknown} in this project.`);
      if (latestMaking(ctx.db, projectId)?.isOpen)
        throw new DomainError(
          'conflict',
          'Tasks of this project are being made already. Wait until that is done.',
        );
      const payload = {
        ...{ projectId, arrange, priority: priority ?? 0, requestedBy },
        ...{ promptIds: promptIds ?? null, overlap: overlap ?? getProjectSettings(ctx, projectId).overlap },
      };
      const job = enqueueJob(ctx, { kind: 'make-tasks', payload });
      appendAudit(ctx, {
        action: 'tasks.ask-from-prompts',
        subject: job.id,
        projectId,
        payload: { arrange, overlap: payload.overlap, numPrompts: promptIds?.length ?? null },
      });
      return { jobId: job.id };
    },
    { behavior: 'immediate' },
  );
}
