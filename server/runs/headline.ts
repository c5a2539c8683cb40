import type { Headline } from '../../trainer/config/definition.ts';
import { definitionOf, type RecipeName } from '../../trainer/config/recipes.ts';

/** The figure that a finished run is known by, with all that its recipe says of it. */
export type RunHeadline = {
  value: number;
  label: string;
  unit: Headline['unit'];
  /** the same figure before the run */
  before: number | null;
  /** 95 %, and how many of what it was measured on */
  interval: { low: number; high: number; count: number | null } | null;
  /** what simple rules score on the same data */
  baselines: { label: string; value: number }[];
};

/** The first headline of the recipe that the summary has; null before there is one. */
export function headlineOf(recipe: RecipeName, summary: Record<string, number> | null): RunHeadline | null {
  if (summary === null) return null;
  const { headlines }: { headlines: readonly Headline[] } = definitionOf(recipe);
  const known = headlines.find(({ name }) => summary[name] !== undefined);
  if (known === undefined) return null;
  const figure = (name: string | undefined) => (name === undefined ? null : (summary[name] ?? null));
  const [low, high] = [figure(known.interval?.low), figure(known.interval?.high)];
  return {
    value: summary[known.name] as number,
    label: known.label,
    unit: known.unit,
    before: figure(known.before),
    interval: low === null || high === null ? null : { low, high, count: figure(known.interval?.count) },
    baselines: Object.entries(known.baselines ?? {}).flatMap(([name, label]) =>
      summary[name] === undefined ? [] : [{ label, value: summary[name] }],
    ),
  };
}
