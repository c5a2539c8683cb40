import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import type { Ctx } from '../context.ts';
import type { PromptSummary } from './schemas.ts';

const BEFORE = 80;
const LENGTH = 240;

// LIKE and lower() know the case of ASCII letters alone, so that both find the same place
const first = (db: Db) =>
  db.$client.prepare(
    `SELECT turn, place, substr(content, max(1, place - ${BEFORE}), ${LENGTH}) AS excerpt FROM (
       SELECT m.key + 1 AS turn, json_extract(m.value, '$.content') AS content,
         instr(lower(json_extract(m.value, '$.content')), lower(@search)) AS place
       FROM prompts p, json_each(p.messages) m WHERE p.id = @promptId)
     WHERE place > 0 ORDER BY turn LIMIT 1`,
  );

/** Prompts that a search has found, each with the place of the text in place of its end; as they are where only the file's name for it matched. */
export function excerptsAround<Item extends Pick<PromptSummary, 'promptId' | 'excerpt'>>(
  ctx: Pick<Ctx, 'db'>,
  items: readonly Item[],
  search: string,
): (Item & { foundInTurn: number | null })[] {
  return items.map((item) => {
    const found =
      search === '' ? undefined : prepared(ctx.db, first).get({ promptId: item.promptId, search });
    if (!found) return { ...item, foundInTurn: null };
    const { turn, place, excerpt } = found as { turn: number; place: number; excerpt: string };
    return { ...item, excerpt: place > BEFORE + 1 ? `…${excerpt}` : excerpt, foundInTurn: turn };
  });
}
