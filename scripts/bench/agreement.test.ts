import { describe, expect, it } from 'vitest';
import { greedyAgrees, lossesAgree } from './agreement.ts';

describe('lossesAgree', () => {
  it('looks at every step, not only at the last', () => {
    expect(lossesAgree([3, 2.5, 2], [3, 2.5009, 2], 'float32').agree).toBe(true);
    const apart = lossesAgree([3, 2.5, 2], [3, 2.502, 2], 'float32');
    expect(apart).toMatchObject({ agree: false, tolerance: 1e-3 });
    expect(apart.largestDifference).toBeCloseTo(0.002, 10);
  });

  it('allows one step of bfloat16 of the loss where products are in bfloat16', () => {
    expect(lossesAgree([10.03], [10], 'bfloat16')).toMatchObject({ agree: true, tolerance: 10 / 256 });
    expect(lossesAgree([10.05], [10], 'bfloat16').agree).toBe(false);
  });

  it('never lets NaN or nothing pass', () => {
    expect(lossesAgree([Number.NaN, 1], [1, 1], 'float32').agree).toBe(false);
    expect(() => lossesAgree([], [], 'float32')).toThrow('0 losses of ours');
    expect(() => lossesAgree([1], [1, 2], 'float32')).toThrow('1 losses of ours, 2 of the peer');
  });
});

describe('greedyAgrees', () => {
  const peer = {
    tokens: [
      [5, 6, 7],
      [8, 9, 1],
    ],
    logProbs: [
      [-1, -2, -3],
      [-0.5, -0.5, -0.5],
    ],
  };

  it('compares log-probabilities of every token', () => {
    expect(greedyAgrees(peer, peer)).toEqual({ agree: true, largestDifference: 0, tolerance: 1e-3 });
    const shifted = { ...peer, logProbs: [[-1, -2, -3.01], peer.logProbs[1] as number[]] };
    expect(greedyAgrees(shifted, peer).agree).toBe(false);
  });

  it('lets a row part ways only at tokens of the same probability, and ignores what follows', () => {
    const parted = {
      tokens: [[5, 4, 2], peer.tokens[1] as number[]],
      logProbs: [
        [-1, -2.0001, -9],
        [-0.5, -0.5, -0.5],
      ],
    };
    expect(greedyAgrees(parted, peer).agree).toBe(true);
    const wrong = {
      ...parted,
      logProbs: [
        [-1, -2.1, -3],
        [-0.5, -0.5, -0.5],
      ],
    };
    expect(greedyAgrees(wrong, peer).agree).toBe(false);
  });

  it('refuses rows of unequal length', () => {
    const short = {
      tokens: [
        [5, 6],
        [8, 9, 1],
      ],
      logProbs: peer.logProbs,
    };
    expect(() => greedyAgrees(short, peer)).toThrow("row 0 has 2 tokens, the peer's 3");
  });
});
