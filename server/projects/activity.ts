import { desc, eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { type Ctx, requirePermission } from '../context.ts';

/** Rows that are looked at, at most, so that the page never waits for the whole table. */
const NEWEST = 20_000;
const DAYS = 14;
const DAY_MS = 86_400_000;

export type Activity = {
  /** the last fourteen days (UTC), oldest first */
  days: { day: string; annotator: number; simulated: number }[];
  /** people who judged in the last seven days */
  people: number;
  /** the days may have more: only so many of the newest judgments were counted */
  isAtLeast: boolean;
};

/** How many judgments came in by day, of people and of simulated annotators; imported ones are no work of these days. */
export function readActivity({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): Activity {
  requirePermission(ctx, input.projectId, 'data.read');
  const today = Math.floor(ctx.now() / DAY_MS);
  const days = Array.from({ length: DAYS }, (_, index) => ({
    day: new Date((today - DAYS + 1 + index) * DAY_MS).toISOString().slice(0, 10),
    annotator: 0,
    simulated: 0,
  }));
  const rows = ctx.db
    .select({ source: judgments.source, at: judgments.submittedAt, annotatorId: judgments.annotatorId })
    .from(judgments)
    .where(eq(judgments.projectId, input.projectId))
    .orderBy(desc(judgments.id))
    .limit(NEWEST)
    .all();
  const people = new Set<string>();
  for (const { source, at, annotatorId } of rows) {
    if (source === 'imported') continue;
    const age = today - Math.floor(at / DAY_MS);
    const day = days[DAYS - 1 - age];
    if (day) day[source] += 1;
    if (source === 'annotator' && annotatorId !== null && age < 7) people.add(annotatorId);
  }
  const oldest = rows.at(-1);
  const isAtLeast =
    rows.length === NEWEST && oldest !== undefined && today - Math.floor(oldest.at / DAY_MS) < DAYS;
  return { days, people: people.size, isAtLeast };
}
