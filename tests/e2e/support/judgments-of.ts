import { asc, eq } from 'drizzle-orm';
import { judgments } from '../../../db/schema/judgments.ts';
import { responses } from '../../../db/schema/prompts.ts';
import type { World } from './world.ts';

/** What the database holds of a project's judgments, with response texts in place of ids, in order of arrival. */
export function judgmentsOf(world: World, projectId: string) {
  const texts = new Map(
    world.db
      .select({ id: responses.id, content: responses.content })
      .from(responses)
      .all()
      .map((row) => [row.id, row.content]),
  );
  const text = (id: string) => texts.get(id) ?? id;
  return world.db
    .select()
    .from(judgments)
    .where(eq(judgments.projectId, projectId))
    .orderBy(asc(judgments.id))
    .all()
    .map((row) => ({
      ...row,
      ranking: row.ranking.map((group) => group.map(text)),
      shown: row.shownOrder.map(text),
      flags: Object.fromEntries(Object.entries(row.flags).map(([id, flags]) => [text(id), flags])),
    }));
}
