import { describe, expect, it } from 'vitest';
import { alignSeries } from './align-series.ts';
import { axesOf, placeOnAxis, smoothed } from './curve-view.ts';

const point = (step: number, value: number | null, high = value) => ({ step, value, low: value, high });

describe('curves on one axis', () => {
  it('leave a hole that is drawn through where a curve has no point, and a gap where the value was no number', () => {
    const look = { color: '', dash: null, isFaint: false };
    const at = (x: number, value: number | null) => ({ x, value });
    expect(
      alignSeries([
        { ...look, label: 'a', points: [at(1, 10), at(2, null), at(4, 40)] },
        { ...look, label: 'b', points: [at(2, 2)] },
      ]),
    ).toEqual([
      [1, 2, 4],
      [10, null, 40],
      [undefined, 2, undefined],
    ]);
  });
});

describe('a moving average', () => {
  it('begins at the first value, and passes over what was no number', () => {
    const points = [4, null, 8, 8].map((value, x) => ({ x, value }));
    const values = smoothed(points, 0.5).map(({ value }) => value);
    // by hand: (0.25*4 + 0.5*8) / 0.75, then (0.125*4 + 0.25*8 + 0.5*8) / 0.875
    expect(values).toEqual([4, null, 20 / 3, 6.5 / 0.875]);
  });

  it('of weight 0 is the curve', () => {
    expect(smoothed([{ x: 1, value: 3 }], 0)).toEqual([{ x: 1, value: 3 }]);
  });
});

describe('an axis of tokens or seconds', () => {
  it('goes in straight lines between the measured steps, from nothing at step 0, and ends with the last', () => {
    const place = placeOnAxis({ num_tokens: [point(2, 100), point(4, 300)] }, 'tokens');
    expect([0, 1, 2, 3, 4, 9].map((step) => place?.(step))).toEqual([0, 50, 100, 200, 300, 300]);
  });

  it('takes a merged point at its last step', () => {
    const place = placeOnAxis({ num_tokens: [point(10, 55, 100)] }, 'tokens');
    expect(place?.(10)).toBe(100);
  });

  it('adds the seconds of each step up, a merged point for all of its steps', () => {
    const place = placeOnAxis({ 'time/wall': [point(1, 2), point(4, 3)] }, 'time');
    expect([1, 4].map((step) => place?.(step))).toEqual([2, 11]);
  });

  it('is there only where the run has the figures', () => {
    expect(axesOf({ loss: [point(1, 1)] })).toEqual(['step']);
    expect(placeOnAxis({}, 'tokens')).toBeNull();
    expect(axesOf({ num_tokens: [point(1, 9)], 'time/wall': [point(1, 1)] })).toEqual([
      'step',
      'tokens',
      'time',
    ]);
  });
});
