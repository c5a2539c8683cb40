import type uPlot from 'uplot';

const ZOOM_PER_NOTCH = 0.8;

/**
 * Drag to pan, wheel or two fingers to zoom, double click to see everything. The wheel away from a chart that shows
 * everything scrolls the page. Only the axis of steps moves; values are fitted to what is in view.
 */
export function panAndZoom(onZoom: (isZoomed: boolean) => void): uPlot.Plugin {
  return {
    hooks: {
      ready: (plot) => {
        const over = plot.over;
        const pointers = new Map<number, number>();
        let from: { min: number; max: number; center: number; spread: number } | null = null;

        const range = () => {
          const steps = plot.data[0];
          return { first: steps[0] ?? 0, last: steps.at(-1) ?? 1 };
        };
        const show = (min: number, max: number) => {
          const { first, last } = range();
          const width = Math.min(max - min, last - first);
          // never past the ends of the run
          const start = Math.min(Math.max(min, first), last - width);
          plot.setScale('x', { min: start, max: start + width });
          onZoom(width < (last - first) * 0.999);
        };
        const begin = () => {
          const places = [...pointers.values()];
          const { min, max } = plot.scales.x ?? {};
          if (places.length === 0 || min == null || max == null) {
            from = null;
            return;
          }
          from = { min, max, center: mean(places), spread: Math.max(...places) - Math.min(...places) };
        };

        over.addEventListener('pointerdown', (event) => {
          if (event.pointerType === 'mouse' && event.button !== 0) return;
          pointers.set(event.pointerId, event.clientX);
          over.setPointerCapture(event.pointerId);
          begin();
        });
        over.addEventListener('pointermove', (event) => {
          if (!pointers.has(event.pointerId) || !from) return;
          pointers.set(event.pointerId, event.clientX);
          const places = [...pointers.values()];
          const perPixel = (from.max - from.min) / over.clientWidth;
          const scale =
            places.length > 1 && from.spread > 0
              ? from.spread / Math.max(1, Math.max(...places) - Math.min(...places))
              : 1;
          const anchor = from.min + (from.center - over.getBoundingClientRect().left) * perPixel;
          const shift = (mean(places) - from.center) * perPixel * scale;
          show(anchor - (anchor - from.min) * scale - shift, anchor + (from.max - anchor) * scale - shift);
        });
        const end = (event: PointerEvent) => {
          pointers.delete(event.pointerId);
          begin();
        };
        over.addEventListener('pointerup', end);
        over.addEventListener('pointercancel', end);
        over.addEventListener('dblclick', () => {
          const { first, last } = range();
          show(first, last);
        });
        over.addEventListener(
          'wheel',
          (event) => {
            const { min, max } = plot.scales.x ?? {};
            if (min == null || max == null) return;
            const { first, last } = range();
            const isOut = event.deltaY > 0;
            const isWhole = max - min >= (last - first) * 0.999;
            // scrolling away over a chart that shows everything scrolls the page
            if (isOut && isWhole && !event.ctrlKey) return;
            event.preventDefault();
            const factor = isOut ? 1 / ZOOM_PER_NOTCH : ZOOM_PER_NOTCH;
            const at =
              min + ((event.clientX - over.getBoundingClientRect().left) / over.clientWidth) * (max - min);
            show(at - (at - min) * factor, at + (max - at) * factor);
          },
          { passive: false },
        );
      },
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
