import { expect, it } from 'vitest';
import { positionsFromMask } from './positions.ts';

it('counts real tokens only: left, right and gap padding', () => {
  const mask = Int32Array.of(0, 0, 1, 1, /**/ 1, 1, 0, 0, /**/ 1, 0, 1, 1, /**/ 0, 0, 0, 0);
  expect([...positionsFromMask(mask, 4)]).toEqual([
    0, 0, 0, 1, /**/ 0, 1, 1, 1, /**/ 0, 0, 1, 2, /**/ 0, 0, 0, 0,
  ]);
});

it('refuses a mask that is not whole rows', () => {
  expect(() => positionsFromMask(new Int32Array(7), 4)).toThrow('7 elements');
});
