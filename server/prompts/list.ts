import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { AFTER_ALL_IDS } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { excerptsAround } from './excerpts-around.ts';
import type { ListPromptsInput, PromptSummary } from './schemas.ts';

/** Prompts that one call looks at; a page that found too few asks for the next ones, and nobody waits for a whole table. */
const LOOKED_AT = 5000;

const select = (filter: string) => (db: Db) =>
  db.$client.prepare(
    `SELECT p.id AS promptId, substr(json_extract(p.messages, '$[#-1].content'), 1, 240) AS excerpt,
       json_array_length(p.messages) AS numMessages, p.split, p.tags, p.created_at AS createdAt,
       (SELECT count(*) FROM responses r WHERE r.prompt_id = p.id) AS numResponses,
       (SELECT count(*) FROM tasks t WHERE t.prompt_id = p.id) AS numTasks
     FROM prompts p
     WHERE p.project_id = @projectId AND p.id < @before ${filter}
     ORDER BY p.id DESC LIMIT @limit`,
  );
const all = select('');
const filtered = select(`AND p.id >= @floor AND (@split IS NULL OR p.split = @split)
       AND (@tag IS NULL OR EXISTS (SELECT 1 FROM json_each(p.tags) t WHERE t.value = @tag))
       AND (@importId IS NULL OR p.import_id = @importId)
       AND (@key IS NULL OR EXISTS (
         SELECT 1 FROM json_each(p.metadata) c WHERE c.key = @key AND
           CASE WHEN c.type IN ('true', 'false', 'null') THEN c.type ELSE CAST(c.value AS TEXT) END = @value))
       AND (@search = '' OR p.external_id LIKE @pattern ESCAPE '\\' OR EXISTS (
         SELECT 1 FROM json_each(p.messages) m WHERE json_extract(m.value, '$.content') LIKE @pattern ESCAPE '\\'))`);
const lastLookedAt = (db: Db) =>
  db.$client
    .prepare(
      `SELECT id FROM prompts WHERE project_id = @projectId AND id < @before ORDER BY id DESC LIMIT 1 OFFSET ${LOOKED_AT - 1}`,
    )
    .pluck();

/**
 * Prompts of a project, newest first; with `search`, those where any message, or what the file calls it, contains it. A filter
 * looks at some thousand prompts a call: fewer than `limit` are no end while there is a next cursor.
 */
export function listPrompts({ ctx, input }: { ctx: Ctx; input: ListPromptsInput }): {
  items: PromptSummary[];
  nextCursor: string | null;
} {
  const { projectId, search, split, tag, metadata, importId, cursor, limit } = input;
  const page = { projectId, before: cursor ?? AFTER_ALL_IDS, limit: limit + 1 };
  const isFiltered = search !== '' || [split, tag, metadata, importId].some((wanted) => wanted != null);
  const floor = isFiltered ? (prepared(ctx.db, lastLookedAt).get(page) as string | undefined) : undefined;
  const rows = (
    isFiltered
      ? prepared(ctx.db, filtered).all({
          ...page,
          floor: floor ?? '',
          search,
          pattern: `%${search.replace(/[\\%_]/g, '\\$&')}%`,
          split: split ?? null,
          tag: tag ?? null,
          importId: importId ?? null,
          key: metadata?.key ?? null,
          value: metadata?.value ?? null,
        })
      : prepared(ctx.db, all).all(page)
  ) as (Omit<PromptSummary, 'tags' | 'foundInTurn'> & { tags: string })[];
  const found = rows.slice(0, limit).map((row) => ({ ...row, tags: JSON.parse(row.tags) as string[] }));
  const items = excerptsAround(ctx, found, search);
  const nextCursor = rows.length > limit ? items.at(-1)?.promptId : floor;
  return { items, nextCursor: nextCursor ?? null };
}
