import type { MetricPoint } from '@/server/runs/metrics.ts';

export type DrawnSeries = {
  label: string;
  /** name of a CSS variable */
  color: string;
  points: MetricPoint[];
  /** of the second run of a comparison */
  isOther: boolean;
};

/**
 * Curves on one axis of steps: first the steps, ascending, then the values of each curve. `undefined` where a curve has no
 * point (drawn through), `null` where the logged value was not a number (drawn as a gap).
 */
export function alignSeries(drawn: readonly DrawnSeries[]): [number[], ...(number | null | undefined)[][]] {
  const steps = [...new Set(drawn.flatMap(({ points }) => points.map((point) => point.step)))].sort(
    (a, b) => a - b,
  );
  const placeOf = new Map(steps.map((step, place) => [step, place]));
  const columns = drawn.map(({ points }) => {
    const column = new Array<number | null | undefined>(steps.length).fill(undefined);
    for (const { step, value } of points) column[placeOf.get(step) as number] = value;
    return column;
  });
  return [steps, ...columns];
}
