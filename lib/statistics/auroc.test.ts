import { expect, it } from 'vitest';
import { auroc } from './auroc.ts';

it('counts pairs: by hand, with equal scores half', () => {
  // positives 3, 1; negatives 2, 1: 3>2, 3>1, 1<2, 1=1 -> 2.5 of 4
  expect(auroc([3, 1, 2, 1], [true, true, false, false]).area).toBeCloseTo(2.5 / 4, 12);
  expect(auroc([2, 1], [true, false]).area).toBe(1);
  expect(auroc([1, 1, 1], [true, false, false]).area).toBe(0.5);
});

it('has the interval of Hanley and McNeil, and none where a side is empty', () => {
  // their table: area 0.9, 50 and 50: standard error 0.0316
  const scores = Array.from({ length: 100 }, (_, i) => (i < 50 ? (i < 45 ? 2 : 0) : 1));
  const { area, low, high } = auroc(
    scores,
    scores.map((_, i) => i < 50),
  );
  expect(area).toBeCloseTo(0.9, 12);
  const q1 = 0.9 / 1.1;
  const q2 = (2 * 0.81) / 1.9;
  const error = Math.sqrt((0.09 + 49 * (q1 - 0.81) + 49 * (q2 - 0.81)) / 2500);
  expect((high - low) / 2).toBeCloseTo(1.96 * error, 3);
  expect(auroc([1, 2], [true, true]).area).toBeNaN();
});
