import { and, asc, eq, gt, ne } from 'drizzle-orm';
import { runEvents } from '../../db/schema/runs.ts';
import type { Ctx } from '../context.ts';
import { getRunFor } from './internal.ts';
import { PROGRESS_EVENT } from './progress.ts';

/** What a run said of itself, oldest first, after the given id. */
export function readEvents({ ctx, input }: { ctx: Ctx; input: { runId: string; afterId?: number } }) {
  const run = getRunFor(ctx, input.runId, 'runs.read');
  return ctx.db
    .select({ id: runEvents.id, at: runEvents.at, type: runEvents.type, payload: runEvents.payload })
    .from(runEvents)
    .where(
      and(
        eq(runEvents.runId, run.id),
        gt(runEvents.id, input.afterId ?? 0),
        ne(runEvents.type, PROGRESS_EVENT),
      ),
    )
    .orderBy(asc(runEvents.id))
    .limit(1000)
    .all();
}
