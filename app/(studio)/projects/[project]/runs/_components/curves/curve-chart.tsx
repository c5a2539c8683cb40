'use client';

import 'uplot/dist/uPlot.min.css';
import { RotateCcwIcon, TableIcon } from 'lucide-react';
import Link from 'next/link';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { onSchemeChange } from '@/app/_ui/scheme-change.ts';
import { formatFigure } from '../format-figure.ts';
import { alignSeries } from './align-series.ts';
import type { ChartDefinition } from './chart-definitions.ts';
import { CHART_HEIGHT, chartOptions } from './chart-options.ts';
import { CurveTable } from './curve-table.tsx';
import { AXIS_NAMES, type CurveView } from './curve-view.ts';
import { type CurveRun, drawnCurves } from './drawn-curves.ts';

/**
 * One chart: drag to pan, wheel or pinch to zoom, double click to reset; the cursors of all charts of the page move together.
 * The same numbers can be read as a table.
 */
export function CurveChart({
  definition,
  figuresHref,
  runs,
  view,
}: {
  definition: ChartDefinition;
  /** the page that says what every figure means */
  figuresHref: string;
  runs: readonly CurveRun[];
  view: CurveView;
}) {
  const titleId = useId();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [isTable, setIsTable] = useState(false);
  const [isZoomed, setIsZoomed] = useState(false);
  const drawn = useMemo(() => drawnCurves(definition, { runs, view }), [definition, runs, view]);
  const named = drawn.filter(({ isFaint }) => !isFaint);
  const isLog =
    view.isLog && drawn.every(({ points }) => points.every(({ value }) => value === null || value > 0));
  const data = useMemo(() => alignSeries(drawn), [drawn]);
  const shape = [
    ...drawn.map(({ label, color, dash, isFaint }) => `${label}${color}${dash}${isFaint}`),
    `${view.axis}${isLog}`,
  ].join('|');

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew only when the set of curves changes; data follows below
  useEffect(() => {
    const element = host.current;
    if (!element || isTable) return;
    const chart = new uPlot(
      chartOptions({ drawn, axis: view.axis, isLog, width: element.clientWidth, onZoom: setIsZoomed }),
      data as uPlot.AlignedData,
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: CHART_HEIGHT }),
    );
    observer.observe(element);
    // colours come from CSS variables that change with the scheme
    const stopListening = onSchemeChange(() => chart.redraw(false, true));
    return () => {
      stopListening();
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, isTable]);

  useEffect(() => {
    // a reader who has zoomed in keeps the view while the run goes on
    plot.current?.setData(data as uPlot.AlignedData, !isZoomed);
    if (isZoomed) plot.current?.redraw();
  }, [data, isZoomed]);

  return (
    <Card aria-labelledby={titleId} className="min-w-0">
      <CardHeader className="pb-1">
        <div className="grid gap-0.5">
          <CardTitle id={titleId}>
            <Link href={`${figuresHref}#${definition.anchor}`} className="hover:underline">
              {definition.title}
            </Link>
          </CardTitle>
        </div>
        <div className="-mt-1 -mr-2 flex gap-1">
          {isZoomed && !isTable ? (
            <Button variant="ghost" size="sm" onClick={() => resetView(plot.current, setIsZoomed)}>
              <RotateCcwIcon aria-hidden /> Reset
            </Button>
          ) : null}
          <Button variant="ghost" size="sm" aria-pressed={isTable} onClick={() => setIsTable(!isTable)}>
            <TableIcon aria-hidden /> {isTable ? 'Chart' : 'Table'}
            <span className="sr-only"> of {definition.title}</span>
          </Button>
        </div>
      </CardHeader>
      <CardContent className="pb-3">
        <ul className="mb-1 flex flex-wrap gap-x-4 gap-y-0.5 text-xs">
          {named.map((curve) => (
            <li key={curve.label} className="flex items-center gap-1.5">
              <svg viewBox="0 0 18 4" className="h-1 w-4.5" aria-hidden>
                <line
                  x1="0"
                  x2="18"
                  y1="2"
                  y2="2"
                  strokeWidth="2"
                  strokeDasharray={curve.dash?.join(' ')}
                  style={{ stroke: `var(${curve.color})` }}
                />
              </svg>
              <span className="text-muted-foreground">{curve.label}</span>
              <span className="font-medium">{formatFigure(curve.points.at(-1)?.value)}</span>
            </li>
          ))}
        </ul>
        {isTable ? (
          <CurveTable title={definition.title} axis={view.axis} drawn={drawn} />
        ) : (
          <div
            ref={host}
            role="img"
            aria-label={`${definition.title} by ${AXIS_NAMES[view.axis]}. ${named.map((curve) => `${curve.label}: last ${formatFigure(curve.points.at(-1)?.value)}`).join('; ')}. The same numbers are in the table.`}
            className="h-52 w-full touch-pan-y"
          />
        )}
        <p className="mt-2 text-xs text-muted-foreground">
          {definition.good}
          {view.isLog && !isLog ? ' Drawn on a linear scale: not all of its values are above 0.' : ''}
        </p>
      </CardContent>
    </Card>
  );
}

function resetView(chart: uPlot | null, setIsZoomed: (isZoomed: boolean) => void): void {
  const steps = chart?.data[0];
  if (!chart || !steps || steps.length === 0) return;
  chart.setScale('x', { min: steps[0] as number, max: steps.at(-1) as number });
  setIsZoomed(false);
}
