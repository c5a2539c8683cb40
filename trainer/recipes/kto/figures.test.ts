import { expect, it } from 'vitest';
import { heldOutSummary, undesirableWeight, unpairedFigures } from './figures.ts';
import type { UnpairedRow } from './rows.ts';

const row = (isDesirable: boolean, completion = 'abc'): UnpairedRow => ({
  ...{ id: 'row', isDesirable, completion },
  promptIds: [1],
  responseIds: [2],
});

it('means by side, by hand; a side that is missing is left out', () => {
  const rows = [row(true), row(false), row(true)];
  const figures = unpairedFigures(rows, { policyS: [-1, -5, -2], referenceS: [-2, -4, -4] }, 0.5);
  // x = 1, -1, 2
  expect(figures['rewards/chosen']).toBeCloseTo(0.75, 12);
  expect(figures['rewards/rejected']).toBeCloseTo(-0.5, 12);
  expect(figures['rewards/margins']).toBeCloseTo(1.25, 12);
  expect(figures['logps/chosen']).toBe(-1.5);
  expect(figures['logps/rejected']).toBe(-5);
  const oneSided = unpairedFigures([row(true)], { policyS: [-1], referenceS: [-2] }, 0.5);
  expect(Object.keys(oneSided)).toEqual(['rewards/chosen', 'logps/chosen']);
});

it('held-out AUROC stands beside that of length, and is left out where a side is missing', () => {
  const rows = [row(true, 'long answer'), row(false, 'short'), row(false, 'a longer answer'), row(true, 'x')];
  const summary = heldOutSummary(rows, [2, 1, 0, 3]);
  expect(summary.heldOutAuroc).toBe(1);
  expect(summary.longerWins).toBe(0.25);
  expect(summary.examples).toBe(4);
  expect(heldOutSummary([row(true)], [1])).toEqual({});
});

it('both sides weigh the same unless a weight is given', () => {
  const rows = [row(true), row(true), row(true), row(false)];
  expect(undesirableWeight(rows, { desirableWeight: 1, undesirableWeight: null })).toBe(3);
  expect(undesirableWeight(rows, { desirableWeight: 2, undesirableWeight: 1.5 })).toBe(1.5);
  expect(undesirableWeight([row(true)], { desirableWeight: 2, undesirableWeight: null })).toBe(2);
});
