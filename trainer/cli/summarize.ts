import type { Headline } from '../config/definition.ts';
import { definitionOf } from '../config/recipes.ts';
import type { TrainResult } from './train.ts';

/** What a run measured, in lines for people: its figures, and last the one that it is known by with what stands beside it. */
export function summarize(run: TrainResult): string[] {
  const { data: _, ...result } = run;
  const headline = definitionOf(run.recipe).headlines.find(({ name }) => name in result);
  if (!headline?.interval) return listed(result);
  const { name, interval, baselines = {} } = headline;
  const told = new Set([name, ...Object.values(interval), ...Object.keys(baselines)]);
  const rest = Object.entries(result).filter(([figure]) => !told.has(figure));
  return [...listed(Object.fromEntries(rest)), ...withInterval(headline, run)];
}

function withInterval({ name, label, unit, interval, baselines = {} }: Headline, result: TrainResult) {
  if (!interval) return [];
  const shown = (figure: string) =>
    unit === 'share' ? `${(100 * Number(result[figure])).toFixed(1)} %` : String(result[figure]);
  const measuredOn = `${result[interval.count]} ${interval.count}`;
  const beside = Object.entries(baselines).map(([figure, what]) => `${what} ${shown(figure)}`);
  return [
    `${label}: ${shown(name)} (95 % interval ${shown(interval.low)} to ${shown(interval.high)}, ${measuredOn})`,
    ...(beside.length === 0 ? [] : [`on the same ${interval.count}: ${beside.join(', ')}`]),
  ];
}

function listed(figures: Record<string, unknown>): string[] {
  return Object.entries(figures).map(([name, value]) => `${name}: ${value}`);
}
