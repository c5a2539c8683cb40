import { describe, expect, it } from 'vitest';
import { createRng } from '../rng.ts';
import { meanInterval } from './mean-interval.ts';

describe('meanInterval', () => {
  it('is the mean plus and minus t standard errors', () => {
    // s^2 = (1 + 0 + 1) / 2 = 1, so the standard error is 1 / sqrt(3); t of 2 degrees of freedom
    const { mean, bounds } = meanInterval([1, 2, 3]);
    expect(mean).toBe(2);
    expect(bounds?.low).toBeCloseTo(2 - 4.302653 / Math.sqrt(3), 4);
    expect(bounds?.high).toBeCloseTo(2 + 4.302653 / Math.sqrt(3), 4);
  });

  // scipy.stats.t.ppf(0.975, n - 1)
  it.each([
    [31, 2.042272],
    [32, 2.039513],
    [101, 1.983972],
    [1001, 1.962339],
  ])('of %i values has the t of scipy', (n, t) => {
    const values = Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const { mean, bounds } = meanInterval(values);
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1));
    expect(((bounds?.high ?? Number.NaN) - mean) / (deviation / Math.sqrt(n))).toBeCloseTo(t, 5);
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
