import { describe, expect, it } from 'vitest';
import { explainedVariance } from './explained-variance.ts';
import { maskedMean, maskedSum, maskedVariance } from './masked.ts';
import { whiten } from './whiten.ts';

describe('masked statistics', () => {
  it('never read what is under the mask', () => {
    const x = [Number.NaN, 2, 4, Number.POSITIVE_INFINITY];
    const mask = [0, 1, 1, 0];
    expect(maskedSum(x, mask)).toBe(6);
    expect(maskedMean(x, mask)).toBe(3);
    expect(maskedVariance(x, mask, { unbiased: false })).toBe(1);
    expect(maskedVariance(x, mask, { unbiased: true })).toBe(2);
  });

  it('refuse an empty mask', () => {
    expect(() => maskedMean([1], [0])).toThrow('every entry is masked');
    expect(() => maskedVariance([1, 2], [1, 0], { unbiased: true })).toThrow(
      '1 unmasked entries, expected at least 2',
    );
  });
});

describe('whiten', () => {
  it('gives mean 0 and variance 1 over the mask and 0 elsewhere', () => {
    const mask = [1, 1, 0, 1, 1];
    const out = whiten([3, -1, Number.NaN, 10, 4], mask, { unbiased: false, shiftMean: true });
    expect(maskedMean(out, mask)).toBeCloseTo(0, 12);
    expect(maskedVariance(out, mask, { unbiased: false })).toBeCloseTo(1, 8);
    expect(out[2]).toBe(0);
  });

  it('keeps the mean when asked, and is 0 for nothing and for a constant', () => {
    const kept = whiten([3, 5], [1, 1], { unbiased: false, shiftMean: false });
    expect((kept[0] as number) + (kept[1] as number)).toBeCloseTo(8, 8);
    expect([...whiten([5, 5], [0, 0], { unbiased: true, shiftMean: true })]).toEqual([0, 0]);
    expect([...whiten([5], [1], { unbiased: true, shiftMean: true })]).toEqual([0]);
    expect([...whiten([5, 5], [1, 1], { unbiased: true, shiftMean: true })]).toEqual([0, 0]);
  });
});

describe('explained variance', () => {
  it('is 1 for a perfect critic, 0 for a constant, negative for a worse one, NaN for constant returns', () => {
    const returns = [1, 2, 3, 99];
    const mask = [1, 1, 1, 0];
    const of = (values: number[]) => explainedVariance({ values, returns, mask });
    expect(of([1, 2, 3, 0])).toBe(1);
    expect(of([7, 7, 7, 0])).toBe(0);
    expect(of([3, 2, 1, 0])).toBe(-3); // residuals -2 0 2: variance 8/3 over 2/3
    expect(explainedVariance({ values: [1, 2], returns: [4, 4], mask: [1, 1] })).toBeNaN();
  });
});
