export type DrawnPoint = { x: number; value: number | null };
export type DrawnSeries = {
  label: string;
  /** name of a CSS variable */
  color: string;
  points: DrawnPoint[];
  /** lengths of dash and gap in pixels; null = solid */
  dash: [number, number] | null;
  /** what lies behind a smoothed curve: drawn, and named nowhere */
  isFaint: boolean;
};

/**
 * Curves on one axis: first the places on it, ascending, then the values of each curve. `undefined` where a curve has no
 * point (drawn through), `null` where the logged value was not a number (drawn as a gap).
 */
export function alignSeries(drawn: readonly DrawnSeries[]): [number[], ...(number | null | undefined)[][]] {
  const places = [...new Set(drawn.flatMap(({ points }) => points.map((point) => point.x)))].sort(
    (a, b) => a - b,
  );
  const indexOf = new Map(places.map((x, index) => [x, index]));
  const columns = drawn.map(({ points }) => {
    const column = new Array<number | null | undefined>(places.length).fill(undefined);
    for (const { x, value } of points) column[indexOf.get(x) as number] = value;
    return column;
  });
  return [places, ...columns];
}
