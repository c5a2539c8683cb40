'use client';

import { useMemo, useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import type { RecipeName } from '@/trainer/config/recipes.ts';
import { chartsOf } from './chart-definitions.ts';
import { CurveChart } from './curve-chart.tsx';
import { CurveControls } from './curve-controls.tsx';
import { axesOf, CURVE_AXES, type CurveView, PLAIN_VIEW } from './curve-view.ts';
import type { CurveRun } from './drawn-curves.ts';

/** Charts that a page begins with: the recipe's most telling ones come first. */
const FIRST = 4;

/** The charts of a recipe over one or several runs, with the controls that hold for all of them. */
export function CurveGrid({
  recipes,
  runs,
  figuresHref,
  empty,
}: {
  recipes: readonly RecipeName[];
  runs: readonly CurveRun[];
  figuresHref: string;
  /** what it says while nothing was logged */
  empty: string;
}) {
  const [view, setView] = useState<CurveView>(PLAIN_VIEW);
  const [isAll, setIsAll] = useState(false);
  const recipeNames = recipes.join(' ');
  const charts = useMemo(() => {
    const byTitle = new Map(
      (recipeNames.split(' ') as RecipeName[]).flatMap((recipe) =>
        chartsOf(recipe).map((chart) => [`${chart.title} ${chart.series[0]?.name}`, chart] as const),
      ),
    );
    return [...byTitle.values()].filter((chart) =>
      chart.series.some(({ name }) => runs.some(({ series }) => series[name]?.length)),
    );
  }, [recipeNames, runs]);
  if (charts.length === 0)
    return (
      <p className="rounded-lg border border-dashed p-8 text-center text-sm text-muted-foreground">{empty}</p>
    );
  const axes = CURVE_AXES.filter((axis) => runs.some(({ series }) => axesOf(series).includes(axis)));
  const shown = isAll ? charts : charts.slice(0, FIRST);
  return (
    <section aria-label="Curves" className="grid min-w-0 gap-3">
      <CurveControls view={view} axes={axes} onChange={setView} />
      <div className="grid min-w-0 gap-4 md:grid-cols-2">
        {shown.map((chart) => (
          <CurveChart
            key={`${chart.title} ${chart.series[0]?.name}`}
            definition={chart}
            figuresHref={figuresHref}
            runs={runs}
            view={view}
          />
        ))}
      </div>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-xs text-muted-foreground">
          Drag to pan, wheel or two fingers to zoom, double click to reset.
        </p>
        {charts.length > FIRST ? (
          <Button variant="outline" size="sm" aria-expanded={isAll} onClick={() => setIsAll(!isAll)}>
            {isAll ? `Only the first ${FIRST} charts` : `All ${charts.length} charts`}
          </Button>
        ) : null}
      </div>
    </section>
  );
}
