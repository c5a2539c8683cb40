import { sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { getRunFor } from './internal.ts';

/** Two runs side by side: where their configs differ and the last value of each metric. Both must be readable. */
export function compareRuns({ ctx, input }: { ctx: Ctx; input: { runId: string; otherRunId: string } }) {
  const run = getRunFor(ctx, input.runId, 'runs.read');
  const other = getRunFor(ctx, input.otherRunId, 'runs.read');
  const left = flatten(run.config);
  const right = flatten(other.config);
  const paths = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  const leftMetrics = lastValues(ctx, run.id);
  const rightMetrics = lastValues(ctx, other.id);
  const names = [...new Set([...Object.keys(leftMetrics), ...Object.keys(rightMetrics)])].sort();
  return {
    run: { id: run.id, name: run.name, recipe: run.recipe },
    other: { id: other.id, name: other.name, recipe: other.recipe },
    configDifferences: paths
      .map((path) => ({ path, run: left[path] ?? null, other: right[path] ?? null }))
      .filter((difference) => difference.run !== difference.other),
    lastValues: names.map((name) => ({
      name,
      run: leftMetrics[name] ?? null,
      other: rightMetrics[name] ?? null,
    })),
  };
}

type Leaf = string | number | boolean;

function flatten(value: unknown, prefix = ''): Record<string, Leaf> {
  if (typeof value !== 'object' || value === null) {
    return value === null || value === undefined ? {} : { [prefix]: value as Leaf };
  }
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, child]) => flatten(child, prefix ? `${prefix}.${key}` : key)),
  );
}

function lastValues(ctx: Ctx, runId: string): Record<string, number> {
  const rows = ctx.db.all<{ name: string; value: number | null; step: number }>(
    sql`select name, value, max(step) as step from run_metrics where run_id = ${runId} and step >= 0 group by name`,
  );
  return Object.fromEntries(rows.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));
}
