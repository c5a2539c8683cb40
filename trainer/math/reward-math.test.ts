import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../lib/statistics/wilson.ts';
import { finalScore } from './missing-eos.ts';
import { countPairs, strictAccuracy, tiesHalfAccuracy } from './pair-accuracy.ts';
import { rankedPairs } from './ranked-pairs.ts';
import { scoreNormalization } from './score-normalization.ts';
import { shapedRewards } from './shaped-reward.ts';

describe('shapedRewards', () => {
  it('puts the score on the last action token and leaves what follows at 0', () => {
    const rewards = shapedRewards({
      logProbs: [-1, -2, Number.NaN],
      refLogProbs: [-1.5, -1, Number.NaN],
      length: 2,
      score: 10,
      beta: 0.1,
    });
    // -0.1 * 0.5, 10 - 0.1 * -1
    expect([...rewards]).toEqual([-0.05, 10.1, 0]);
  });

  it('refuses an empty response', () => {
    const empty = { logProbs: [], refLogProbs: [], length: 0, score: 1, beta: 1 };
    expect(() => shapedRewards(empty)).toThrow('length 0');
  });
});

describe('finalScore', () => {
  const rule = { missingEosScore: -1, clip: 5 };
  it('sets the score of a response that did not end, whatever the model said', () => {
    expect(finalScore({ score: 4, ended: false, ...rule })).toBe(-1);
    expect(finalScore({ score: -4, ended: false, ...rule })).toBe(-1);
    expect(finalScore({ score: 4, ended: true, ...rule })).toBe(4);
    expect(finalScore({ score: 4, ended: false, missingEosScore: null, clip: 5 })).toBe(4);
  });
  it('clips both ways', () => {
    expect(finalScore({ score: 99, ended: true, ...rule })).toBe(5);
    expect(finalScore({ score: -99, ended: true, ...rule })).toBe(-5);
  });
});

describe('rankedPairs', () => {
  it('makes all C(K,2) pairs with weights that sum to 1, better one first', () => {
    const pairs = rankedPairs([2, 0, 1], { useTies: true });
    expect(pairs.map((p) => [p.chosen, p.rejected])).toEqual([
      [1, 0],
      [2, 0],
      [1, 2],
    ]);
    expect(pairs.map((p) => p.weight)).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });
  it('makes ties half, or leaves them out', () => {
    expect(rankedPairs([0, 0], { useTies: true })).toEqual([
      { chosen: 0, rejected: 1, target: 0.5, weight: 1 },
    ]);
    expect(rankedPairs([0, 0], { useTies: false })).toEqual([]);
    expect(rankedPairs([0, 0, 1], { useTies: false }).map((p) => p.weight)).toEqual([0.5, 0.5]);
  });
});

describe('pair accuracy', () => {
  it('a constant model gets 0 strictly and 0.5 with ties half; NaN never wins', () => {
    const constant = countPairs([1, 1], [1, 1]);
    expect(strictAccuracy(constant)).toBe(0);
    expect(tiesHalfAccuracy(constant)).toBe(0.5);
    expect(tiesHalfAccuracy(countPairs([Number.NaN], [0]))).toBe(0);
    expect(tiesHalfAccuracy(countPairs([], []))).toBeNaN();
  });
});

describe('wilsonInterval', () => {
  it('gives the textbook interval', () => {
    // 8 of 10: (0.4902, 0.9433), e.g. statsmodels proportion_confint(8, 10, method='wilson')
    const { low, high } = wilsonInterval(8, 10);
    expect(low).toBeCloseTo(0.4902, 4);
    expect(high).toBeCloseTo(0.9433, 4);
  });
  it('stays inside [0, 1] and has width at the ends', () => {
    expect(wilsonInterval(0, 5).low).toBe(0);
    expect(wilsonInterval(0, 5).high).toBeCloseTo(0.4345, 4);
    expect(wilsonInterval(5, 5).high).toBe(1);
    expect(() => wilsonInterval(6, 5)).toThrow('6 successes of 5');
    expect(() => wilsonInterval(0, 0)).toThrow('0 trials');
  });
});

describe('scoreNormalization', () => {
  it('brings the samples to mean 0 and std 1', () => {
    const { gain, bias } = scoreNormalization([1, 3]);
    expect([gain, bias]).toEqual([1, -2]);
    const scores = [0.4, 9, -3, 2.2];
    const n = scoreNormalization(scores);
    const scaled = scores.map((s) => n.gain * s + n.bias);
    expect(scaled.reduce((a, b) => a + b)).toBeCloseTo(0, 12);
    expect(scaled.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 12);
  });
  it('refuses scores that are all equal, and fewer than two', () => {
    expect(() => scoreNormalization([2, 2, 2])).toThrow('standard deviation of 3 scores is 0');
    expect(() => scoreNormalization([1])).toThrow('1 scores');
  });
});
