import { describe, expect, it } from 'vitest';
import { bucketWidth } from './token-batch.ts';

describe('bucketWidth', () => {
  it('rounds up to steps that grow with the length', () => {
    const cases = [
      [1, 8],
      [8, 8],
      [9, 16],
      [64, 64],
      [65, 80],
      [128, 128],
      [129, 160],
      [257, 320],
      [1024, 1024],
    ] as const;
    for (const [length, width] of cases) expect(bucketWidth(length)).toBe(width);
  });

  it('gives few widths, none too narrow, none more than a quarter too wide beyond 32', () => {
    const widths = new Set<number>();
    for (let length = 1; length <= 1024; length++) {
      const width = bucketWidth(length);
      expect(width).toBeGreaterThanOrEqual(length);
      expect(bucketWidth(width)).toBe(width);
      if (length > 32) expect(width / length).toBeLessThan(1.25);
      widths.add(width);
    }
    expect(widths.size).toBe(24);
  });
});
