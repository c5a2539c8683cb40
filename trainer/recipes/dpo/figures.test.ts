import { expect, it } from 'vitest';
import { rankedPairs } from '../../math/ranked-pairs.ts';
import type { RankedRow } from '../batches/ranked-rows.ts';
import { preferenceFigures, watchDisplacement } from './figures.ts';
import { pairBatch } from './pair-batch.ts';

const row = (ranks: number[], lengths: number[]): RankedRow => ({
  id: 'row',
  sequences: lengths.map((length) => [1, 2, ...new Array<number>(length).fill(7)]),
  promptLength: 2,
  pairs: rankedPairs(ranks, { useTies: true }),
  margin: 0,
  responses: lengths.map(String),
  longestResponse: Math.max(...lengths),
});

it('figures of two prompts by hand: every prompt counts the same, ties do not', () => {
  // prompt 1: one pair; prompt 2: three answers, first and second tied, both above the third
  const rows = [row([0, 1], [2, 4]), row([0, 0, 1], [1, 1, 2])];
  const referenceS = [-2, -4, -1, -1, -3];
  const policyS = [-1, -5, -1, -2, -2];
  const figures = preferenceFigures(rows, { policyS, referenceS }, { beta: 0.5, loss: 'sigmoid' });
  // ratios: 1, -1 | 0, -1, 1; rewards: 0.5, -0.5 | 0, -0.5, 0.5
  expect(figures['rewards/chosen']).toBeCloseTo((0.5 + (0 - 0.5) / 2) / 2, 12);
  expect(figures['rewards/rejected']).toBeCloseTo((-0.5 + 0.5) / 2, 12);
  expect(figures['rewards/margins']).toBeCloseTo((1 + (-0.5 - 1) / 2) / 2, 12);
  expect(figures['rewards/accuracies']).toBe(0.5);
  expect(figures['logps/chosen']).toBeCloseTo((-1 + (-1 - 2) / 2) / 2, 12);
  expect(figures['logps/rejected']).toBeCloseTo((-5 - 2) / 2, 12);
  expect(figures['logps/chosen_change']).toBeCloseTo((1 / 2 + (0 - 1) / 2) / 2, 12);
});

it('nothing is measured where nothing is decided, and equal rewards are half right', () => {
  const options = { beta: 0.1, loss: 'sigmoid' } as const;
  const same = { policyS: [-1, -1], referenceS: [-1, -1] };
  expect(preferenceFigures([row([0, 0], [1, 1])], same, options)).toEqual({});
  expect(preferenceFigures([row([0, 1], [1, 1])], same, options)['rewards/accuracies']).toBe(0.5);
});

it('a batch has each answer once, all pairs of a prompt, and weights that sum to 1 over the step', () => {
  const rows = [row([0, 1], [2, 4]), row([0, 0, 1], [1, 1, 2])];
  const batch = pairBatch(rows, { padTokenId: 0, pack: false, numRows: 2 });
  expect(Array.from(batch.lengthsS.data)).toEqual([2, 4, 1, 1, 2]);
  expect(Array.from(batch.chosenP.data).slice(0, 4)).toEqual([0, 2, 2, 3]);
  expect(Array.from(batch.rejectedP.data).slice(0, 4)).toEqual([1, 3, 4, 4]);
  expect(Array.from(batch.isTieP.data).slice(0, 4)).toEqual([0, 1, 0, 0]);
  expect(Array.from(batch.weightsP.data).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
});

it('the alarm of displacement sounds once, when the margin rises and the chosen answer falls', () => {
  const at = (margin: number, change: number) => ({
    'rewards/margins': margin,
    'logps/chosen_change': change,
  });
  const watch = watchDisplacement();
  expect(watch(at(0, 0))).toBeNull();
  expect(watch(at(0.5, -0.05))).toBeNull();
  expect(watch(at(-0.1, -0.3))).toBeNull();
  expect(watch(at(0.8, -0.2))).toContain('0.20 nats per token while the margin rose from 0.000 to 0.800');
  expect(watch(at(0.9, -0.3))).toBeNull();
  expect(watchDisplacement()({})).toBeNull();
});
