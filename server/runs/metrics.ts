import { sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { getRunFor } from './internal.ts';

export type MetricPoint = { step: number; value: number | null; low: number | null; high: number | null };

/**
 * Curves of a run, at most `maxPoints` per name: steps are put into equal buckets and each point is the mean of its bucket
 * with its smallest and largest value (equal to the value where nothing was merged). `lastId` is where to follow on from. `apart`
 * reads what was set apart when the run began anew.
 */
export function readMetrics({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { runId: string; maxPoints: number; apart?: boolean | undefined };
}): {
  series: Record<string, MetricPoint[]>;
  lastId: number;
  stepsPerPoint: number;
} {
  const run = getRunFor(ctx, input.runId, 'runs.read');
  // rows that were set apart have negative steps
  const [step, isWanted] = input.apart ? [sql`(-1 - step)`, sql`step < 0`] : [sql`step`, sql`step >= 0`];
  return ctx.db.transaction(() => {
    const { lastId, lastStep } = ctx.db.get<{ lastId: number; lastStep: number }>(
      sql`select coalesce(max(id), 0) as lastId, coalesce(max(abs(step)), 0) as lastStep from run_metrics where run_id = ${run.id}`,
    );
    const stepsPerPoint = Math.max(1, Math.ceil(lastStep / input.maxPoints));
    // numbers are bound as REAL, so the division has to be made whole again
    const rows = ctx.db.all<MetricPoint & { name: string }>(
      sql`select name, max(${step}) as step, avg(value) as value, min(value) as low, max(value) as high
          from run_metrics where run_id = ${run.id} and ${isWanted}
          group by name, cast((${step} + ${stepsPerPoint - 1}) / ${stepsPerPoint} as integer)
          order by name, max(${step})`,
    );
    const series: Record<string, MetricPoint[]> = {};
    for (const { name, ...point } of rows) {
      series[name] ??= [];
      series[name].push(point);
    }
    return { series, lastId, stepsPerPoint };
  });
}
