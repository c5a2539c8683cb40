import { and, asc, eq } from 'drizzle-orm';
import { imports } from '../../db/schema/imports.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { tasks } from '../../db/schema/tasks.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { GetPromptInput, PromptDetail } from './schemas.ts';

/** A prompt with all its responses and where they came from. Throws `not-found` for one of another project. */
export function getPrompt({ ctx, input }: { ctx: Ctx; input: GetPromptInput }): PromptDetail {
  const prompt = ctx.db
    .select({
      promptId: prompts.id,
      messages: prompts.messages,
      split: prompts.split,
      externalId: prompts.externalId,
      tags: prompts.tags,
      metadata: prompts.metadata,
      importId: prompts.importId,
      fileName: imports.fileName,
      contentHash: prompts.contentHash,
      createdAt: prompts.createdAt,
      erasedAt: prompts.erasedAt,
    })
    .from(prompts)
    .leftJoin(imports, eq(imports.id, prompts.importId))
    .where(and(eq(prompts.id, input.promptId), eq(prompts.projectId, input.projectId)))
    .get();
  if (!prompt) throw new DomainError('not-found', `No prompt ${input.promptId} in this project.`);
  const rows = ctx.db
    .select({
      responseId: responses.id,
      content: responses.content,
      origin: responses.origin,
      checkpointId: responses.checkpointId,
      model: responses.model,
      sampling: responses.sampling,
      erasedAt: responses.erasedAt,
    })
    .from(responses)
    .where(eq(responses.promptId, input.promptId))
    .orderBy(asc(responses.id))
    .all();
  const taskIds = ctx.db
    .select({ id: tasks.id })
    .from(tasks)
    .where(and(eq(tasks.promptId, input.promptId), eq(tasks.projectId, input.projectId)))
    .orderBy(asc(tasks.id))
    .limit(200)
    .all()
    .map((task) => task.id);
  return { ...prompt, taskIds, responses: rows };
}
