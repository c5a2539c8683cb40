import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from './schedule.ts';

const curve = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, i) => learningRateAt(schedule, i, steps));

describe('learningRateAt', () => {
  it('is the peak throughout when constant without warm-up', () => {
    expect(curve({ learningRate: 0.1, schedule: 'constant', warmupRatio: 0 }, 3)).toEqual([0.1, 0.1, 0.1]);
  });

  it('falls in a straight line from the peak to one step above 0', () => {
    const rates = curve({ learningRate: 1, schedule: 'linear', warmupRatio: 0 }, 4);
    expect(rates).toEqual([1, 0.75, 0.5, 0.25]);
  });

  it('warms up over a share of the steps, then follows half a cosine', () => {
    // 2 of 8 steps warm up: 1/3, 2/3; then 6 steps at progress 0, 1/6 .. 5/6
    const rates = curve({ learningRate: 1, schedule: 'cosine', warmupRatio: 0.25 }, 8);
    const half = Math.sqrt(3) / 2;
    const expected = [1 / 3, 2 / 3, 1, (1 + half) / 2, 0.75, 0.5, 0.25, (1 - half) / 2];
    for (const [i, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[i] as number, 12);
  });

  it('works for a single step and refuses steps outside the run', () => {
    expect(learningRateAt({ learningRate: 2, schedule: 'linear', warmupRatio: 0 }, 0, 1)).toBe(2);
    expect(learningRateAt({ learningRate: 2, schedule: 'linear', warmupRatio: 1 }, 0, 1)).toBe(1);
    expect(() => learningRateAt({ learningRate: 2, schedule: 'linear', warmupRatio: 0 }, 4, 4)).toThrow(
      'step 4',
    );
  });
});
