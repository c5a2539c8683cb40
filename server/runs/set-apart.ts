import { and, eq, gte, sql } from 'drizzle-orm';
import { runMetrics, runSamples } from '../../db/schema/runs.ts';
import type { Ctx } from '../context.ts';

/**
 * Puts all that a run has logged apart from what comes when it begins anew: a row of step n then has the step -1 - n. What reads a
 * run reads steps from 0 on, what rewinds it touches those alone; nothing that was measured is deleted. Call in the transaction that
 * lets the run begin anew. Returns how many steps that were.
 */
export function setApart(ctx: Ctx, runId: string): number {
  const ofRun = and(eq(runMetrics.runId, runId), gte(runMetrics.step, 0));
  const lost = ctx.db
    .select({ count: sql<number>`count(distinct ${runMetrics.step})` })
    .from(runMetrics)
    .where(ofRun)
    .get();
  ctx.db
    .update(runMetrics)
    .set({ step: sql`-1 - ${runMetrics.step}` })
    .where(ofRun)
    .run();
  ctx.db
    .update(runSamples)
    .set({ step: sql`-1 - ${runSamples.step}` })
    .where(and(eq(runSamples.runId, runId), gte(runSamples.step, 0)))
    .run();
  return lost?.count ?? 0;
}
