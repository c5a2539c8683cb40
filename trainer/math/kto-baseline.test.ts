import { expect, it } from 'vitest';
import { ktoBaseline, mismatchedWith } from './kto-baseline.ts';

it('is the mean of the mismatched log-ratios, never below 0', () => {
  expect(ktoBaseline([0.3, -0.1, 0.4])).toBeCloseTo(0.2, 12);
  expect(ktoBaseline([-3, 1])).toBe(0);
  expect(ktoBaseline([])).toBe(0);
});

it('no row gets its own completion, each completion is used once, with odd and even numbers of rows', () => {
  for (let rows = 2; rows <= 33; rows++) {
    const others = Array.from({ length: rows }, (_, i) => mismatchedWith(i, rows));
    expect(others.some((other, i) => other === i)).toBe(false);
    expect(new Set(others).size).toBe(rows);
  }
  expect(() => mismatchedWith(0, 1)).toThrow('at least 2 rows');
});
