/** lib/statistics against scipy, statsmodels, krippendorff and irrCAC, on the random tables of oracle.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { bootstrap } from '../../lib/statistics/bootstrap.ts';
import { AC_WEIGHTS, type AcWeights, gwetAc } from '../../lib/statistics/gwet-ac.ts';
import { kendallTauB } from '../../lib/statistics/kendall-tau-b.ts';
import { ALPHA_LEVELS, type AlphaLevel, krippendorffAlpha } from '../../lib/statistics/krippendorff-alpha.ts';
import { exactMcNemar } from '../../lib/statistics/mcnemar.ts';
import type { Defined } from '../../lib/statistics/rated-unit.ts';
import { wilsonInterval } from '../../lib/statistics/wilson.ts';

type Oracle = {
  agreement: {
    categories: number[];
    units: number[][];
    alpha: Record<AlphaLevel, number>;
    ac: Record<AcWeights, number>;
  }[];
  tau: { ranks: number[]; others: number[]; tau: number }[];
  mcnemar: { onlyOne: number; onlyOther: number; p: number }[];
  wilson: { successes: number; trials: number; bounds: [number, number] }[];
  bootstrap: { values: number[]; low: number; high: number };
};
const oracle = JSON.parse(readFileSync('tests/statistics/oracle.json', 'utf8')) as Oracle;

const numberOf = (figure: Defined) => ('value' in figure ? figure.value : Number.NaN);

describe.each(oracle.agreement)(
  '$units.length units, $categories.length answers',
  ({ categories, units, alpha, ac }) => {
    const rated = units.map((values) => ({ values, weight: 1 }));

    it.each(ALPHA_LEVELS)('alpha, %s, as krippendorff', (level) => {
      expect(numberOf(krippendorffAlpha(rated, level))).toBeCloseTo(alpha[level], 10);
    });

    it.each(AC_WEIGHTS)('AC, %s, as irrCAC', (weights) => {
      expect(numberOf(gwetAc(rated, { categories, weights }))).toBeCloseTo(ac[weights], 10);
    });

    it('a weight of two is the same unit twice', () => {
      const twice = [...rated, ...rated.slice(0, 7)];
      const weighted = units.map((values, i) => ({ values, weight: i < 7 ? 2 : 1 }));
      expect(numberOf(krippendorffAlpha(weighted, 'ordinal'))).toBeCloseTo(
        numberOf(krippendorffAlpha(twice, 'ordinal')),
        10,
      );
      const options = { categories, weights: 'ordinal' } as const;
      expect(numberOf(gwetAc(weighted, options))).toBeCloseTo(numberOf(gwetAc(twice, options)), 10);
    });
  },
);

it.each(oracle.tau)('tau-b of $ranks.length things, as scipy', ({ ranks, others, tau }) => {
  expect(numberOf(kendallTauB(ranks, others))).toBeCloseTo(tau, 10);
});

it.each(oracle.mcnemar)('McNemar of $onlyOne and $onlyOther, as statsmodels', ({ onlyOne, onlyOther, p }) => {
  expect(exactMcNemar(onlyOne, onlyOther)).toBeCloseTo(p, 8);
});

it.each(oracle.wilson)('Wilson of $successes in $trials, as statsmodels', ({ successes, trials, bounds }) => {
  const { low, high } = wilsonInterval(successes, trials);
  expect(low).toBeCloseTo(bounds[0], 10);
  expect(high).toBeCloseTo(bounds[1], 10);
});

it('percentile bootstrap of a mean, as scipy up to what another 2,000 draws move it', () => {
  const { values, low, high } = oracle.bootstrap;
  const meanOf = (weights: Float64Array) =>
    values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0) / values.length;
  const figures = bootstrap(values.length, (weights) => ({ mean: { value: meanOf(weights) } }), {
    rng: createRng(1, 'oracle'),
  });
  if (!('value' in figures.mean)) throw new Error(figures.mean.undefined);
  expect(figures.mean.of).toBe(60);
  // standard error of a 2.5 % quantile of 2,000 draws, over a spread of 0.04: 0.0022
  expect(Math.abs(figures.mean.low - low)).toBeLessThan(0.006);
  expect(Math.abs(figures.mean.high - high)).toBeLessThan(0.006);
});
