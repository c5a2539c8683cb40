import { and, desc, eq, gte } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { runMetrics } from '../../db/schema/runs.ts';
import type { Run } from './internal.ts';
import { TIME_PREFIX } from './record-event.ts';

const RECENT_STEPS = 20;

/** Seconds until a running run ends, from the wall-clock of its last steps; null before the second step or when it waits. */
export function remainingSeconds(db: Db, run: Run): number | null {
  if (run.status !== 'running' || run.totalSteps === null) return null;
  const recent = db
    .select({ value: runMetrics.value })
    .from(runMetrics)
    .where(
      and(eq(runMetrics.runId, run.id), eq(runMetrics.name, `${TIME_PREFIX}wall`), gte(runMetrics.step, 0)),
    )
    .orderBy(desc(runMetrics.step))
    .limit(RECENT_STEPS)
    .all();
  if (recent.length < 2) return null;
  const mean = recent.reduce((sum, { value }) => sum + (value ?? 0), 0) / recent.length;
  return mean * (run.totalSteps - run.step);
}
