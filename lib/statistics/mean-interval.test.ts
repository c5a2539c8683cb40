import { describe, expect, it } from 'vitest';
import { createRng } from '../rng.ts';
import { meanInterval } from './mean-interval.ts';

describe('meanInterval', () => {
  it('is the mean plus and minus 1.96 standard errors', () => {
    // s^2 = (1 + 0 + 1) / 2 = 1, so the standard error is 1 / sqrt(3)
    const { mean, bounds } = meanInterval([1, 2, 3]);
    expect(mean).toBe(2);
    expect(bounds?.low).toBeCloseTo(2 - 1.959964 / Math.sqrt(3), 6);
    expect(bounds?.high).toBeCloseTo(2 + 1.959964 / Math.sqrt(3), 6);
  });

  it('covers the true mean 95 times in 100, for values that are not normal too', () => {
    const rng = createRng(1, 'coverage');
    let covered = 0;
    for (let i = 0; i < 2000; i++) {
      // uniform on [0, 1): true mean 0.5
      const { bounds } = meanInterval(Array.from({ length: 60 }, () => rng.uniform()));
      if (bounds && bounds.low <= 0.5 && 0.5 <= bounds.high) covered++;
    }
    expect(covered / 2000).toBeGreaterThan(0.93);
    expect(covered / 2000).toBeLessThan(0.965);
  });

  it('says nothing of the spread of one value, and refuses none and NaN', () => {
    expect(meanInterval([4])).toEqual({ mean: 4, bounds: null });
    expect(() => meanInterval([])).toThrow(/got 0 values/);
    expect(() => meanInterval([1, Number.NaN])).toThrow(/finite/);
  });
});
