import { and, eq, inArray, isNull } from 'drizzle-orm';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { addTask } from './add-task.ts';
import { getProjectSettings } from './internal.ts';
import type { CreateTaskInput } from './schemas.ts';

/**
 * Asks for a judgment of 2-9 responses to one prompt; overlap is the project's unless given. The same question again
 * changes nothing and answers with the task that asks it. Throws `not-found` or `invalid` naming the id.
 */
export function createTask({ ctx, input }: { ctx: Ctx; input: CreateTaskInput }): {
  taskId: string;
  isNew: boolean;
} {
  return ctx.db.transaction(
    () => {
      const { projectId, promptId, responseIds } = input;
      const settings = getProjectSettings(ctx, projectId);
      const prompt = ctx.db
        .select({ id: prompts.id })
        .from(prompts)
        .where(and(eq(prompts.id, promptId), eq(prompts.projectId, projectId), isNull(prompts.erasedAt)))
        .get();
      if (!prompt) throw new DomainError('not-found', `No prompt ${promptId} in this project.`);
      if (new Set(responseIds).size < responseIds.length) {
        throw new DomainError('invalid', 'responseIds: the same response is named twice.');
      }
      const found = ctx.db
        .select({ id: responses.id })
        .from(responses)
        .where(
          and(
            eq(responses.promptId, promptId),
            inArray(responses.id, responseIds),
            isNull(responses.erasedAt),
          ),
        )
        .all();
      const missing = responseIds.find((id) => !found.some((response) => response.id === id));
      if (missing !== undefined) {
        throw new DomainError('invalid', `responseIds: ${missing} is no response to prompt ${promptId}.`);
      }
      const task = addTask({ ctx, input: { ...input, overlap: input.overlap ?? settings.overlap } });
      if (task.isNew) {
        appendAudit(ctx, {
          action: 'tasks.create',
          subject: task.taskId,
          projectId,
          payload: { promptId, responseIds },
        });
      }
      return task;
    },
    { behavior: 'immediate' },
  );
}
