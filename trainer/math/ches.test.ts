import { expect, it } from 'vitest';
import { ches } from './ches.ts';

it('is 0 for the same states, negative for a rejected completion that points elsewhere, by hand', () => {
  expect(ches([1, 2], [1, 2])).toBe(0);
  // <(1, 2), (3, -1)> - 5 = 1 - 5
  expect(ches([1, 2], [3, -1])).toBe(-4);
  expect(ches([1, 0], [5, 0])).toBe(4);
  expect(() => ches([1], [1, 2])).toThrow('widths 1 and 2');
});
