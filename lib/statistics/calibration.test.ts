import { describe, expect, it } from 'vitest';
import { createRng } from '../rng.ts';
import { calibrationError, fitTemperature, reliability } from './calibration.ts';

const pairs = (...margins: number[]) => margins.map((margin) => ({ margin, weight: 1 }));

describe('fitTemperature', () => {
  it('finds the optimum that is worked by hand', () => {
    // margins 1, 1, 1, -1: three right of four at one confidence; sigma(1 / T) = 3/4, 1 / T = ln 3
    expect(fitTemperature(pairs(1, 1, 1, -1))).toEqual({ value: expect.closeTo(1 / Math.log(3), 9) });
    // twice the margins, twice the temperature
    expect(fitTemperature(pairs(2, 2, 2, -2))).toEqual({ value: expect.closeTo(2 / Math.log(3), 9) });
    // weights count as copies do
    expect(
      fitTemperature([
        { margin: 1, weight: 3 },
        { margin: -1, weight: 1 },
      ]),
    ).toEqual({ value: expect.closeTo(1 / Math.log(3), 9) });
  });

  it('says why there is none', () => {
    expect(fitTemperature([])).toEqual({ undefined: 'there are no pairs' });
    expect(fitTemperature(pairs(1, 2))).toEqual({ undefined: 'no pair is ordered wrongly' });
    expect(fitTemperature(pairs(1, -1))).toEqual({ undefined: 'scores order pairs no better than chance' });
    expect(fitTemperature(pairs(0, 0))).toEqual({ undefined: 'no pair is ordered wrongly' });
  });

  it('recovers the temperature that outcomes were drawn with, and leaves them calibrated', () => {
    const rng = createRng(5, 'calibration');
    const drawn = Array.from({ length: 20_000 }, () => {
      const size = 6 * rng.uniform();
      return { margin: rng.uniform() < 1 / (1 + Math.exp(-size / 3)) ? size : -size, weight: 1 };
    });
    const fitted = fitTemperature(drawn);
    if (!('value' in fitted)) throw new Error(fitted.undefined);
    expect(fitted.value).toBeGreaterThan(2.8);
    expect(fitted.value).toBeLessThan(3.2);
    const scaled = drawn.map(({ margin, weight }) => ({ margin: margin / fitted.value, weight }));
    expect(calibrationError(reliability(drawn))).toBeGreaterThan(0.1);
    expect(calibrationError(reliability(scaled))).toBeLessThan(0.02);
  });
});

describe('reliability', () => {
  it('is one bin for few pairs, as worked by hand', () => {
    // confidences sigma(0) = 0.5, sigma(ln 3) = 0.75 twice, sigma(ln 4) = 0.8: mean 0.7; right 0.5 + 1 + 0 + 1 of 4
    const bins = reliability(pairs(0, Math.log(3), -Math.log(3), Math.log(4)));
    expect(bins).toEqual([
      expect.objectContaining({ count: 4, confidence: expect.closeTo(0.7, 12), accuracy: 0.625 }),
    ]);
    expect(calibrationError(bins)).toBeCloseTo(0.075, 12);
  });

  it('puts as many into each of ten bins, the least confident first', () => {
    const bins = reliability(pairs(...Array.from({ length: 200 }, (_, i) => i / 100)));
    expect(bins.map(({ count }) => count)).toEqual(Array(10).fill(20));
    expect(bins.map(({ confidence }) => confidence)).toEqual(
      bins.map(({ confidence }) => confidence).sort((a, b) => a - b),
    );
    // margins above 0 are right, the 0 half
    expect(bins[0]?.accuracy).toBeCloseTo(19.5 / 20, 12);
    expect(bins[1]?.accuracy).toBe(1);
  });
});
