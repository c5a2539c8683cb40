import { describe, expect, it } from 'vitest';
import { applyUpdates } from './use-run-updates.ts';

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
