import type { Ctx } from '../context.ts';
import type { ListPromptsInput, PromptSummary } from './schemas.ts';

/** Prompts of a project, newest first; with `search`, those where any message contains it. */
export function listPrompts({ ctx, input }: { ctx: Ctx; input: ListPromptsInput }): {
  items: PromptSummary[];
  nextCursor: string | null;
} {
  const { projectId, search, split, cursor, limit } = input;
  const rows = ctx.db.$client
    .prepare(
      `SELECT p.id AS promptId, substr(json_extract(p.messages, '$[#-1].content'), 1, 240) AS excerpt,
         json_array_length(p.messages) AS numMessages, p.split, p.created_at AS createdAt,
         (SELECT count(*) FROM responses r WHERE r.prompt_id = p.id) AS numResponses,
         (SELECT count(*) FROM tasks t WHERE t.prompt_id = p.id) AS numTasks
       FROM prompts p
       WHERE p.project_id = @projectId AND (@cursor IS NULL OR p.id < @cursor) AND (@split IS NULL OR p.split = @split)
         AND (@search = '' OR EXISTS (
           SELECT 1 FROM json_each(p.messages) m WHERE json_extract(m.value, '$.content') LIKE @pattern ESCAPE '\\'))
       ORDER BY p.id DESC LIMIT @limit`,
    )
    .all({
      projectId,
      search,
      pattern: `%${search.replace(/[\\%_]/g, '\\$&')}%`,
      split: split ?? null,
      cursor: cursor ?? null,
      limit: limit + 1,
    }) as PromptSummary[];
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.promptId ?? null) : null };
}
