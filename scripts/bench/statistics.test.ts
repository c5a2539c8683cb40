import { describe, expect, it } from 'vitest';
import { compareRounds, median } from './statistics.ts';

describe('compareRounds', () => {
  it('pairs rounds: a machine that slows both sides for a round does not move the ratio', () => {
    const comparison = compareRounds([300, 30, 330], [200, 20, 200]);
    expect(comparison).toEqual({ ours: 300, peer: 200, ratio: 1.5, low: 1.5, high: 1.65 });
  });

  it('takes the median of the ratios and their extremes as spread', () => {
    const { ratio, low, high } = compareRounds([1, 2, 3, 8], [2, 2, 2, 2]);
    expect([ratio, low, high]).toEqual([1.25, 0.5, 4]);
  });

  it('refuses sides of unequal rounds and nothing at all', () => {
    expect(() => compareRounds([1, 2], [1])).toThrow('2 rounds of ours, 1 of the peer');
    expect(() => median([])).toThrow('no values');
  });
});
