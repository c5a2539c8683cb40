import { and, asc, desc, eq, inArray, isNotNull, type SQL, sql } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { snapshotWords } from '../../lib/snapshot-words.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { headlineOf } from './headline.ts';
import { phaseOf } from './progress.ts';
import { remainingSeconds } from './remaining.ts';
import type { ListRunsInput, RunSort } from './schemas.ts';

/** Rows that one call looks at, at most, however few of them a search finds: the page says so and goes on from there. */
const MAX_LOOKED_AT = 2000;
const PER_READ = 250;

type Key = string | number | null;
type Order = { column: typeof runs.name | typeof runs.headline | null; isDescending: boolean };

/** Each order is walked along an index; the id decides between equals. */
const ORDERS: Record<RunSort, Order> = {
  newest: { column: null, isDescending: true },
  oldest: { column: null, isDescending: false },
  name: { column: runs.name, isDescending: false },
  'highest-result': { column: runs.headline, isDescending: true },
  'lowest-result': { column: runs.headline, isDescending: false },
};

/**
 * Runs of a project in the order asked for, `limit` at a time: those whose name, notes, tags or id hold every word of `search`, in
 * whatever case. `nextCursor` is null at the end; `lookedAt` is how many rows were read for this page, 2,000 at most. Sorted by
 * result, those without one are left out.
 */
export function listRuns({ ctx, input }: { ctx: Ctx; input: ListRunsInput }) {
  requirePermission(ctx, input.projectId, 'runs.read');
  const limit = input.limit ?? 50;
  const order = ORDERS[input.sort ?? 'newest'];
  const wanted: string[] = [];
  let cursor = input.cursor ? readCursor(input.cursor) : null;
  let lookedAt = 0;
  let isAtEnd = false;
  while (wanted.length < limit && lookedAt < MAX_LOOKED_AT && !isAtEnd) {
    const rows = readOn(ctx, input.projectId, { order, after: cursor });
    isAtEnd = rows.length < PER_READ;
    for (const [index, row] of rows.entries()) {
      lookedAt += 1;
      cursor = [row.key, row.id];
      if (isWanted(row, input)) wanted.push(row.id);
      if (wanted.length === limit) {
        isAtEnd &&= index === rows.length - 1;
        break;
      }
    }
  }
  return {
    items: describeRuns(ctx, wanted),
    nextCursor: isAtEnd || cursor === null ? null : JSON.stringify(cursor),
    lookedAt,
  };
}

type Row = Pick<typeof runs.$inferSelect, 'id' | 'name' | 'notes' | 'tags' | 'recipe' | 'status'>;

function readOn(
  ctx: Ctx,
  projectId: string,
  { order: { column, isDescending }, after }: { order: Order; after: [Key, string] | null },
): (Row & { key: Key })[] {
  const direction = isDescending ? desc : asc;
  const past = isDescending ? sql`<` : sql`>`;
  const conditions: (SQL | undefined)[] = [eq(runs.projectId, projectId)];
  if (column !== null) conditions.push(isNotNull(column));
  if (after !== null) {
    conditions.push(
      column === null
        ? sql`${runs.id} ${past} ${after[1]}`
        : sql`(${column}, ${runs.id}) ${past} (${after[0]}, ${after[1]})`,
    );
  }
  return ctx.db
    .select({
      ...{ id: runs.id, name: runs.name, notes: runs.notes, tags: runs.tags },
      ...{
        recipe: runs.recipe,
        status: runs.status,
        key: column === null ? sql<null>`null` : sql<Key>`${column}`,
      },
    })
    .from(runs)
    .where(and(...conditions))
    .orderBy(...(column === null ? [direction(runs.id)] : [direction(column), direction(runs.id)]))
    .limit(PER_READ)
    .all();
}

function isWanted(row: Row, { search, recipe, status, tag }: ListRunsInput): boolean {
  if (recipe && row.recipe !== recipe) return false;
  if (status && row.status !== status) return false;
  if (tag && !row.tags?.includes(tag)) return false;
  if (!search) return true;
  const text = [row.name, row.notes ?? '', ...(row.tags ?? []), row.id].join('\n').toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** A cursor that no page gave is none: the list begins at its beginning. */
function readCursor(text: string): [Key, string] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || value.length !== 2 || typeof value[1] !== 'string') return null;
    const [key, id] = value as [unknown, string];
    return key === null || typeof key === 'string' || typeof key === 'number' ? [key, id] : null;
  } catch {
    return null;
  }
}

/** The runs of a page, in the order of their ids in the list. */
function describeRuns(ctx: Ctx, ids: readonly string[]) {
  if (ids.length === 0) return [];
  const rows = ctx.db
    .select({
      run: runs,
      snapshot: { number: snapshots.number, counts: snapshots.counts, query: snapshots.query },
    })
    .from(runs)
    .leftJoin(snapshots, eq(snapshots.id, runs.snapshotId))
    .where(inArray(runs.id, [...ids]))
    .all();
  const byId = new Map(rows.map((row) => [row.run.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (!row) return [];
    const { run, snapshot } = row;
    return {
      id: run.id,
      name: run.name,
      recipe: run.recipe,
      status: run.status,
      backend: run.backend,
      step: run.step,
      totalSteps: run.totalSteps,
      phase: phaseOf(ctx.db, run),
      remainingSeconds: remainingSeconds(ctx.db, run),
      summary: run.summary,
      headline: headlineOf(run.recipe, run.summary),
      hasNotes: run.notes !== null,
      tags: run.tags ?? [],
      error: run.error,
      snapshotName: snapshot === null ? null : snapshotWords(snapshot),
      scheduleId: run.scheduleId,
      createdAt: run.createdAt,
      startedAt: run.startedAt,
      finishedAt: run.finishedAt,
    };
  });
}
