import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  metricAnchor,
  metricSections,
} from '@/app/(studio)/projects/[project]/runs/metrics/_components/metric-sections.ts';
import { RECIPES } from '@/trainer/config/recipes.ts';
import { alignSeries } from './align-series.ts';
import { chartsOf } from './chart-definitions.ts';
import { applyUpdates } from './use-run-updates.ts';

const sections = metricSections(readFileSync('docs/metrics.md', 'utf8'));
const anchors = sections.flatMap(({ slug, names }) => names.map((name) => metricAnchor(slug, name)));
const names = new Set(sections.flatMap((section) => section.names));

describe.each(RECIPES)('charts of %s', (recipe) => {
  it('draw names that docs/metrics.md defines, and link to a definition that is there', () => {
    for (const chart of chartsOf(recipe)) {
      expect(anchors, chart.title).toContain(chart.anchor);
      for (const { name } of chart.series) expect([...names], chart.title).toContain(name);
    }
  });
});

describe('curves on one axis', () => {
  it('leave a hole that is drawn through where a curve has no point, and a gap where the value was no number', () => {
    const point = (step: number, value: number | null) => ({ step, value, low: value, high: value });
    const drawn = [
      { label: 'a', color: '', isOther: false, points: [point(1, 10), point(2, null), point(4, 40)] },
      { label: 'b', color: '', isOther: false, points: [point(2, 2)] },
    ];
    expect(alignSeries(drawn)).toEqual([
      [1, 2, 4],
      [10, null, 40],
      [undefined, 2, undefined],
    ]);
  });
});

describe('live updates', () => {
  const run = {
    status: 'running',
    step: 3,
    totalSteps: 9,
    backend: 'cpu',
    device: null,
    error: null,
    phase: null,
    remainingSeconds: null,
  } as const;
  const metric = (id: number, step: number, value: number) => ({ id, step, name: 'loss', value });
  const message = (
    id: string,
    metrics: ReturnType<typeof metric>[],
    events: { id: number; type: string; payload: unknown }[] = [],
  ) => ({
    id,
    metrics,
    sampleSteps: [],
    events: events.map((event) => ({ ...event, at: 1 })),
    run,
    isComplete: false,
  });
  const empty = { series: {}, events: [], run: null };
  const steps = (state: { series: Record<string, { step: number; value: number | null }[]> }) =>
    state.series.loss?.map(({ step, value }) => [step, value]);

  it('sent twice are drawn once', () => {
    const first = message(
      '2.0.1',
      [metric(1, 1, 0.1), metric(2, 2, 0.2)],
      [{ id: 1, type: 'started', payload: {} }],
    );
    const state = applyUpdates(applyUpdates(empty, first), first);
    expect(steps(state)).toEqual([
      [1, 0.1],
      [2, 0.2],
    ]);
    expect(state.events).toHaveLength(1);
  });

  it('after a resume, replace the points past the checkpoint', () => {
    const before = applyUpdates(
      empty,
      message('3.0.0', [metric(1, 1, 0.1), metric(2, 2, 0.2), metric(3, 3, 0.3)]),
    );
    const resumed = { id: 5, type: 'resumed', payload: { fromStep: 1 } };
    const after = applyUpdates(before, message('5.0.5', [metric(4, 2, 0.21), metric(5, 3, 0.31)], [resumed]));
    expect(steps(after)).toEqual([
      [1, 0.1],
      [2, 0.21],
      [3, 0.31],
    ]);
  });
});
