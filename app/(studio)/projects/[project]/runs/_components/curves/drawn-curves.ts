import type { DrawnSeries } from './align-series.ts';
import type { ChartDefinition } from './chart-definitions.ts';
import { type CurveView, placeOnAxis, type Series, smoothed } from './curve-view.ts';

/** A run whose curves are drawn. */
export type CurveRun = {
  /** beside the names of its curves; null where it is the only one */
  name: string | null;
  series: Series;
  /** CSS variable of all its curves; null gives each curve of a chart its own */
  color: string | null;
  /** which of DASHES its first curve in a chart has; the next has the next */
  dash: number;
};

const COLORS = 5;
const DASHES = [null, [6, 4], [2, 3]] as const;

/** Colour and dash of the nth run of a comparison: five colours, then the same dashed. */
export function lookOf(index: number): { color: string; dash: number } {
  return { color: `--chart-${(index % COLORS) + 1}`, dash: Math.floor(index / COLORS) };
}

/** What a chart draws of the runs, as they are looked at; a smoothed curve has its own points faintly behind it. */
export function drawnCurves(
  definition: ChartDefinition,
  { runs, view }: { runs: readonly CurveRun[]; view: CurveView },
): DrawnSeries[] {
  const logged = definition.series.filter(({ name }) => runs.some(({ series }) => series[name]?.length));
  return logged.flatMap(({ name, label }, index) =>
    runs.flatMap((run): DrawnSeries[] => {
      const place = placeOnAxis(run.series, view.axis);
      const points = run.series[name];
      if (!points?.length || place === null) return [];
      const raw = points.map(({ step, value }) => ({ x: place(step), value }));
      // curves of one colour are told apart by their dashes
      const dash = DASHES[(run.dash + (run.color === null ? 0 : index)) % DASHES.length] ?? null;
      const curve = {
        label: run.name === null ? label : `${label} (${run.name})`,
        color: run.color ?? `--chart-${(index % COLORS) + 1}`,
        dash: dash === null ? null : ([...dash] as [number, number]),
      };
      if (view.smoothing === 0) return [{ ...curve, points: raw, isFaint: false }];
      return [
        { ...curve, points: raw, isFaint: true },
        { ...curve, points: smoothed(raw, view.smoothing), isFaint: false },
      ];
    }),
  );
}
