import { describe, expect, it } from 'vitest';
import { k1, k2, k3 } from './kl.ts';

/** A categorical over 4 tokens and a reference, small enough to take every expectation exactly. */
const policy = [0.1, 0.2, 0.3, 0.4];
const reference = [0.4, 0.3, 0.2, 0.1];
const exactKl = policy.reduce((sum, p, i) => sum + p * Math.log(p / (reference[i] as number)), 0);
const expectation = (f: (a: number, b: number) => number) =>
  policy.reduce((sum, p, i) => sum + p * f(Math.log(p), Math.log(reference[i] as number)), 0);

describe('KL estimators', () => {
  it('k1 and k3 are unbiased, k2 is not (training.md 3.E)', () => {
    expect(exactKl).toBeCloseTo(0.4564, 4); // .1 ln .25 + .2 ln .667 + .3 ln 1.5 + .4 ln 4
    expect(expectation(k1)).toBeCloseTo(exactKl, 12);
    expect(expectation(k3)).toBeCloseTo(exactKl, 12);
    expect(Math.abs(expectation(k2) - exactKl)).toBeGreaterThan(1e-3);
  });

  it('k3 is never negative and 0 only for equal log-probabilities', () => {
    for (const [a, b] of [
      [-1, -1.5],
      [-1.5, -1],
      [-0.001, -9],
      [-9, -0.001],
    ] as const) {
      expect(k3(a, b)).toBeGreaterThan(0);
    }
    expect(k3(-2, -2)).toBe(0);
  });

  it('stays finite for log-probabilities a thousand nats apart', () => {
    expect(k3(-1000, 0)).toBeCloseTo(Math.expm1(20) - 20, 5);
    expect(k3(0, -1000)).toBeCloseTo(Math.exp(-20) - 1 + 20, 10);
  });

  it('NaN stays NaN', () => {
    expect(k1(Number.NaN, 0)).toBeNaN();
    expect(k3(Number.NaN, 0)).toBeNaN();
  });
});
