import type { MetricPoint } from '@/server/runs/metrics.ts';
import type { DrawnPoint } from './align-series.ts';

export type Series = Record<string, MetricPoint[]>;

export const CURVE_AXES = ['step', 'tokens', 'time'] as const;
export type CurveAxis = (typeof CURVE_AXES)[number];
export const AXIS_NAMES: Record<CurveAxis, string> = { step: 'step', tokens: 'tokens', time: 'time' };
/** How the curves of a page are looked at. */
export type CurveView = {
  axis: CurveAxis;
  /** weight of what came before in the moving average, 0 to 0.99 */
  smoothing: number;
  isLog: boolean;
};
export const PLAIN_VIEW: CurveView = { axis: 'step', smoothing: 0, isLog: false };

/** Which axes a run has the figures for. */
export function axesOf(series: Series): CurveAxis[] {
  return CURVE_AXES.filter((axis) => axis === 'step' || pathOf(series, axis).length > 0);
}

/**
 * From a step to its place on the axis: itself, tokens so far, or seconds since the first step. Between the steps that were measured it
 * goes in a straight line, from 0 at step 0. null where the run has no such figures.
 */
export function placeOnAxis(series: Series, axis: CurveAxis): ((step: number) => number) | null {
  if (axis === 'step') return (step) => step;
  const path = pathOf(series, axis);
  if (path.length === 0) return null;
  return (step) => {
    let [low, high] = [0, path.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((path[middle] as Place).step < step) low = middle + 1;
      else high = middle;
    }
    const after = path[low];
    const before = path[low - 1] ?? { step: 0, x: 0 };
    // past the last measured step nothing is known: it stays there
    if (after === undefined) return before.x;
    const span = after.step - before.step;
    return span <= 0 ? after.x : before.x + ((step - before.step) / span) * (after.x - before.x);
  };
}

type Place = { step: number; x: number };

function pathOf(series: Series, axis: Exclude<CurveAxis, 'step'>): Place[] {
  if (axis === 'tokens') {
    // a point may stand for several steps: it is named after the last of them, which has the highest count
    return (series.num_tokens ?? []).flatMap(({ step, value, high }) =>
      value === null ? [] : [{ step, x: high ?? value }],
    );
  }
  let seconds = 0;
  let last = 0;
  return (series['time/wall'] ?? []).flatMap(({ step, value }) => {
    // the mean of the steps that the point stands for
    seconds += (value ?? 0) * Math.max(1, step - last);
    last = step;
    return [{ step, x: seconds }];
  });
}

/**
 * An exponentially weighted mean of a curve's past, weighted anew at each point so that the first ones are not pulled to zero. What was no
 * number stays a gap and is passed over.
 */
export function smoothed(points: readonly DrawnPoint[], weight: number): DrawnPoint[] {
  let sum = 0;
  let total = 0;
  return points.map(({ x, value }) => {
    if (value === null) return { x, value };
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return { x, value: sum / total };
  });
}
