import { expect, it } from 'vitest';
import { rankedPairs } from '../../math/ranked-pairs.ts';
import { chesOfPairs, mostAlike } from './alike.ts';

const row = (id: string, ranks: number[]) => ({
  id,
  sequences: ranks.map((_, k) => [1, 5 + k]),
  promptLength: 1,
  pairs: rankedPairs(ranks, { useTies: true }),
  margin: 0,
  responses: ranks.map((_, k) => `${id}${k}`),
  longestResponse: 1,
});
const tokenizer = { decode: (ids: readonly number[]) => ids.join(' ') };

it('lists decided pairs by CHES, the most alike first, chosen before rejected', () => {
  const rows = [row('a', [0, 1]), row('b', [0, 0]), row('c', [1, 0])];
  // means of width 2: a0 a1 | b0 b1 | c0 c1
  const meansSD = Float32Array.of(1, 0, 0, 1, 9, 9, 9, 9, 2, 0, 1, 0);
  const chesP = chesOfPairs(rows, meansSD);
  // <a0, a1> - |a0|^2 = -1; <c1, c0> - |c1|^2 = 1
  expect([...chesP]).toEqual([-1, 0, 1]);
  const samples = mostAlike(rows, chesP, { tokenizer, count: 8 });
  expect(samples.map(({ response, figures }) => [response, figures.ches, figures.chosen])).toEqual([
    ['c1', 1, 1],
    ['c0', 1, 0],
    ['a0', -1, 1],
    ['a1', -1, 0],
  ]);
  expect(samples[0]?.prompt).toBe('1');
  expect(mostAlike(rows, chesP, { tokenizer, count: 1 })).toHaveLength(2);
  expect(() => chesOfPairs(rows, Float32Array.of(1))).toThrow('not 6 hidden states');
});
