import { expect, it } from 'vitest';
import { pairAgreement } from './pair-agreement.ts';

it('counts the pairs that both decide, and those decided alike', () => {
  expect(pairAgreement([['a'], ['b']], [['a'], ['b']])).toEqual({ same: 1, of: 1 });
  expect(pairAgreement([['a'], ['b']], [['b'], ['a']])).toEqual({ same: 0, of: 1 });
  expect(pairAgreement([['a', 'b']], [['b'], ['a']])).toEqual({ same: 0, of: 0 });
  // by hand: ab alike, ac alike, bc against
  expect(pairAgreement([['a'], ['b'], ['c']], [['a'], ['c'], ['b']])).toEqual({ same: 2, of: 3 });
  expect(pairAgreement([['a'], ['b', 'c']], [['a'], ['c'], ['b']])).toEqual({ same: 2, of: 2 });
  expect(pairAgreement([], [['a'], ['b']])).toEqual({ same: 0, of: 0 });
});
