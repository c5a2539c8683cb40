import { sql } from 'drizzle-orm';
import { differenceInterval } from '../../lib/difference-interval.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { headlineOf, type RunHeadline } from './headline.ts';
import { getRunFor } from './internal.ts';

/** What the first run's figure is from another's: with an interval where both have one. */
export type HeadlineDifference = { value: number; low: number | null; high: number | null };

/**
 * Runs side by side, in the order given: where their configs differ, the last value of each metric, and the figure that each is
 * known by with its difference to the first one's. Each must be readable; throws `invalid` for runs of several projects.
 */
export function compareRuns({ ctx, input }: { ctx: Ctx; input: { runIds: readonly string[] } }) {
  const runs = [...new Set(input.runIds)].map((id) => getRunFor(ctx, id, 'runs.read'));
  if (new Set(runs.map(({ projectId }) => projectId)).size > 1)
    throw new DomainError('invalid', 'Runs of one project can be compared; these are of several.');
  const configs = runs.map(({ config }) => flatten(config));
  const paths = [...new Set(configs.flatMap((config) => Object.keys(config)))].sort();
  const metrics = runs.map(({ id }) => lastValues(ctx, id));
  const names = [...new Set(metrics.flatMap((values) => Object.keys(values)))].sort();
  const headlines = runs.map(({ recipe, summary }) => headlineOf(recipe, summary));
  return {
    runs: runs.map(({ id, name, recipe, status, tags, snapshotId, modelCheckpointId, createdAt }, index) => ({
      ...{ id, name, recipe, status, tags: tags ?? [], snapshotId, modelCheckpointId, createdAt },
      headline: headlines[index] ?? null,
      difference: index === 0 ? null : differenceOf(headlines[0] ?? null, headlines[index] ?? null),
    })),
    configDifferences: paths
      .map((path) => ({ path, values: configs.map((config) => config[path] ?? null) }))
      .filter(({ values }) => new Set(values).size > 1),
    lastValues: names.map((name) => ({ name, values: metrics.map((values) => values[name] ?? null) })),
  };
}

function differenceOf(first: RunHeadline | null, other: RunHeadline | null): HeadlineDifference | null {
  if (first === null || other === null || first.label !== other.label) return null;
  const value = other.value - first.value;
  if (first.interval === null || other.interval === null) return { value, low: null, high: null };
  return {
    value,
    ...differenceInterval(
      { value: other.value, ...other.interval },
      { value: first.value, ...first.interval },
    ),
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
