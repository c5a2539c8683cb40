import { and, asc, eq, isNull } from 'drizzle-orm';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { addTask } from './add-task.ts';
import { getProjectSettings } from './internal.ts';
import { type CreateFromPromptsInput, createFromPromptsInput } from './schemas.ts';

const MAX_PLACES = 9;

/**
 * Makes tasks of the responses that prompts have: one task with all of them, or one for each pair. Prompts with fewer than
 * two responses are counted and left; questions asked already are counted and left. With more than nine responses and
 * 'together', the oldest nine are taken. Throws `not-found` naming a prompt that is not in the project.
 */
export function createTasksFromPrompts({ ctx, input }: { ctx: Ctx; input: CreateFromPromptsInput }): {
  created: number;
  existing: number;
  tooFewResponses: number;
} {
  const { projectId, promptIds, arrange, priority, overlap } = createFromPromptsInput.parse(input);
  return ctx.db.transaction(
    () => {
      const seatsPerTask = overlap ?? getProjectSettings(ctx, projectId).overlap;
      const byPrompt = responsesByPrompt(ctx, projectId);
      const counts = { created: 0, existing: 0, tooFewResponses: 0 };
      for (const promptId of promptIds ?? byPrompt.keys()) {
        const responseIds = byPrompt.get(promptId);
        if (!responseIds) throw new DomainError('not-found', `No prompt ${promptId} in this project.`);
        if (responseIds.length < 2) {
          counts.tooFewResponses += 1;
          continue;
        }
        const groups = arrange === 'pairs' ? pairsOf(responseIds) : [responseIds.slice(0, MAX_PLACES)];
        for (const group of groups) {
          const task = { projectId, promptId, responseIds: group, overlap: seatsPerTask, priority };
          counts[addTask({ ctx, input: task }).isNew ? 'created' : 'existing'] += 1;
        }
      }
      if (counts.created > 0) {
        appendAudit(ctx, {
          action: 'tasks.create-from-prompts',
          subject: projectId,
          projectId,
          payload: { arrange, overlap: seatsPerTask, ...counts },
        });
      }
      return counts;
    },
    { behavior: 'immediate' },
  );
}

/** Response ids of every prompt of the project, oldest first; prompts without responses have an empty list. */
function responsesByPrompt(ctx: Ctx, projectId: string): Map<string, string[]> {
  const rows = ctx.db
    .select({ promptId: prompts.id, responseId: responses.id })
    .from(prompts)
    .leftJoin(responses, and(eq(responses.promptId, prompts.id), isNull(responses.erasedAt)))
    .where(and(eq(prompts.projectId, projectId), isNull(prompts.erasedAt)))
    .orderBy(asc(prompts.id), asc(responses.id))
    .all();
  const byPrompt = new Map<string, string[]>();
  for (const { promptId, responseId } of rows) {
    const ids = byPrompt.get(promptId) ?? [];
    if (responseId !== null) ids.push(responseId);
    byPrompt.set(promptId, ids);
  }
  return byPrompt;
}

function pairsOf(ids: string[]): string[][] {
  return ids.flatMap((left, i) => ids.slice(i + 1).map((right) => [left, right]));
}
