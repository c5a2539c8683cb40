import { OPTIMIZER_CHARTS } from '@/trainer/config/charts.ts';
import type { Chart } from '@/trainer/config/definition.ts';
import { definitionOf, type RecipeName } from '@/trainer/config/recipes.ts';
import { metricAnchor } from '../../metrics/_components/metric-sections.ts';

/** A chart with the anchor of its first figure on the page of definitions. */
export type ChartDefinition = Chart & { anchor: string };

/** Charts of a recipe, in reading order; those without any logged number are left out by the page. */
export function chartsOf(recipe: RecipeName): ChartDefinition[] {
  const { charts, metrics } = definitionOf(recipe);
  return [...anchored(charts, metrics), ...anchored(OPTIMIZER_CHARTS, 'all')];
}

function anchored(charts: readonly Chart[], section: string): ChartDefinition[] {
  return charts.map((chart) => ({ ...chart, anchor: metricAnchor(section, chart.series[0]?.name ?? '') }));
}
