import { expect, it } from 'vitest';
import { saidText } from './said-text.ts';

const said = (placing: number[][], rest: object = {}) =>
  saidText({ placing, strength: null, tieKind: 'none', notRankable: false, ...rest });

it('says a judgment by the letters shown', () => {
  expect(said([[2], [1]])).toBe('B better');
  expect(said([[1], [2]], { strength: -3 })).toBe('A much better');
  expect(said([[1, 2]], { tieKind: 'equal', strength: 0 })).toBe('A = B');
  expect(said([[1, 2]], { tieKind: 'both_bad' })).toBe('both bad');
  expect(said([[3], [1, 2]])).toBe('C > A = B');
  expect(said([], { notRankable: true })).toBe('not rankable');
});
