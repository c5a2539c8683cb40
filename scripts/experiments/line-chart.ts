/** A line chart as SVG text, for figures kept in docs/. */

export type Line = {
  name: string;
  points: readonly (readonly [number, number])[];
  color: string;
  dashed?: boolean;
};

const WIDTH = 640;
const HEIGHT = 300;
const MARGIN = { left: 56, right: 16, top: 40, bottom: 42 };

/** Draws lines over common axes; colours are chosen by the caller to be told apart on white and on dark grey. */
export function lineChart(chart: {
  title: string;
  xLabel: string;
  yLabel: string;
  lines: readonly Line[];
}): string {
  const points = chart.lines.flatMap((line) => line.points);
  const xs = extent(points.map(([x]) => x));
  const ys = extent(points.map(([, y]) => y));
  const place = (x: number, y: number): string => {
    const px = MARGIN.left + ((x - xs.low) / (xs.high - xs.low)) * (WIDTH - MARGIN.left - MARGIN.right);
    const py =
      HEIGHT - MARGIN.bottom - ((y - ys.low) / (ys.high - ys.low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    return `${px.toFixed(1)},${py.toFixed(1)}`;
  };
  const text = (x: number, y: number, content: string, anchor = 'middle') =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;

  const grid = ticks(ys).map((y) => {
    const [, py] = place(xs.low, y).split(',');
    return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${py}" y2="${py}" stroke="#8884"/>${text(MARGIN.left - 6, Number(py) + 4, short(y), 'end')}`;
  });
  const bottom = ticks(xs).map((x) =>
    text(Number(place(x, ys.low).split(',')[0]), HEIGHT - MARGIN.bottom + 16, short(x)),
  );
  const lines = chart.lines.map(
    ({ points: path, color, dashed }) =>
      `<polyline fill="none" stroke="${color}" stroke-width="1.8"${dashed ? ' stroke-dasharray="5 4"' : ''} points="${path.map(([x, y]) => place(x, y)).join(' ')}"/>`,
  );
  const legend = chart.lines.map(({ name, color, dashed }, i) => {
    const x = MARGIN.left + i * ((WIDTH - MARGIN.left) / chart.lines.length);
    const dash = dashed ? ' stroke-dasharray="5 4"' : '';
    return `<line x1="${x}" x2="${x + 18}" y1="28" y2="28" stroke="${color}" stroke-width="2"${dash}/>${text(x + 22, 32, name, 'start')}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#777" role="img" aria-label="${escaped(chart.title)}">`,
    `<text x="${MARGIN.left}" y="14" font-size="13" font-weight="bold">${escaped(chart.title)}</text>`,
    ...legend,
    ...grid,
    ...bottom,
    text((WIDTH + MARGIN.left) / 2, HEIGHT - 8, chart.xLabel),
    `<text transform="translate(12 ${(HEIGHT + MARGIN.top - MARGIN.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(chart.yLabel)}</text>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

function extent(values: readonly number[]): { low: number; high: number } {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return high > low ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

/** Round numbers inside the extent, about five of them. */
function ticks({ low, high }: { low: number; high: number }): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const result: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) result.push(tick);
  return result;
}

function short(value: number): string {
  return Math.abs(value) >= 1000 ? value.toLocaleString('en') : String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
