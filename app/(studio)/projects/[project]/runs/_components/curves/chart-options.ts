import type uPlot from 'uplot';
import { formatDuration } from '@/lib/format-duration.ts';
import { formatFigure } from '../format-figure.ts';
import type { DrawnSeries } from './align-series.ts';
import type { CurveAxis } from './curve-view.ts';
import { panAndZoom } from './pan-and-zoom.ts';

/** Pixels; the box around the chart keeps the same height, so that nothing jumps. */
export const CHART_HEIGHT = 208;

/** What uPlot draws: colours are read from CSS at each drawing, so that they follow the system's scheme. */
export function chartOptions({
  drawn,
  axis: kind,
  isLog,
  width,
  onZoom,
}: {
  drawn: readonly DrawnSeries[];
  axis: CurveAxis;
  /** values on a logarithmic scale: only where all of them are above 0 */
  isLog: boolean;
  width: number;
  onZoom: (isZoomed: boolean) => void;
}): uPlot.Options {
  const axis = {
    stroke: () => colorOf('--muted-foreground'),
    grid: { stroke: () => colorOf('--border'), width: 1 },
    ticks: { stroke: () => colorOf('--border'), width: 1, size: 4 },
    font: '11px Inter Variable, system-ui, sans-serif',
  };
  return {
    width: Math.max(200, width),
    height: CHART_HEIGHT,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    // charts of one page share a key: their cursors move together
    cursor: { sync: { key: 'run', setSeries: false }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false }, y: { distr: isLog ? 3 : 1 } },
    axes: [
      {
        ...axis,
        size: 28,
        space: kind === 'step' ? 50 : 90,
        values: (_plot, ticks) => ticks.map((tick) => placeText(tick, kind)),
      },
      {
        ...axis,
        size: 56,
        // a logarithmic scale offers ticks that it wants no text at
        values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : formatFigure(tick))),
      },
    ],
    series: [
      {},
      ...drawn.map(({ label, color, dash, isFaint, points }) => ({
        label,
        stroke: () => colorOf(color),
        width: isFaint ? 1 : dash === null ? 1.75 : 1.25,
        alpha: isFaint ? 0.3 : 1,
        dash: dash ?? undefined,
        // few points (evaluations) are shown as such
        points: { show: points.length < 40, size: 4, fill: () => colorOf(color) },
        spanGaps: false,
      })),
    ],
    plugins: [panAndZoom(onZoom), valueTooltip(drawn, kind)],
  };
}

const AXIS_WORDS: Record<CurveAxis, string> = { step: 'Step', tokens: 'Tokens', time: 'After' };

/** A place on the axis in words: a step, tokens, or time since the start. */
function placeText(place: number, axis: CurveAxis): string {
  if (axis === 'time') return place === 0 ? '0 s' : formatDuration(place);
  return formatFigure(axis === 'tokens' ? Math.round(place) : place);
}

function colorOf(variable: string): string {
  // canvas does not know light-dark(): the browser resolves it on an element
  probe ??= document.body.appendChild(Object.assign(document.createElement('span'), { hidden: true }));
  probe.style.color = `var(${variable})`;
  return getComputedStyle(probe).color;
}
let probe: HTMLSpanElement | null = null;

/** A small box at the cursor with the place on the axis and every value there. */
function valueTooltip(drawn: readonly DrawnSeries[], axis: CurveAxis): uPlot.Plugin {
  let box: HTMLDivElement | null = null;
  return {
    hooks: {
      init: (plot) => {
        box = document.createElement('div');
        box.className =
          'pointer-events-none absolute top-1 z-10 hidden rounded-md border bg-popover px-2 py-1 text-xs text-popover-foreground shadow-sm';
        plot.over.appendChild(box);
      },
      setCursor: (plot) => {
        const { idx, left } = plot.cursor;
        if (!box) return;
        if (idx === null || idx === undefined || left === undefined || left < 0) {
          box.style.display = 'none';
          return;
        }
        const lines = drawn.flatMap(({ label, isFaint }, index) => {
          const value = plot.data[index + 1]?.[idx];
          return value === undefined || value === null || isFaint ? [] : [`${label} ${formatFigure(value)}`];
        });
        // text only: nothing of a run's data is ever taken as markup
        box.replaceChildren(
          ...[`${AXIS_WORDS[axis]} ${placeText(plot.data[0][idx] ?? 0, axis)}`, ...lines].map((text) =>
            Object.assign(document.createElement('div'), { textContent: text }),
          ),
        );
        box.style.display = 'block';
        const isRight = left > plot.over.clientWidth / 2;
        box.style.left = isRight ? 'auto' : `${left + 12}px`;
        box.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : 'auto';
      },
    },
  };
}
