import { describe, expect, it } from 'vitest';
import { createRng } from '../rng.ts';
import { bootstrap } from './bootstrap.ts';
import { gwetAc } from './gwet-ac.ts';
import { kendallTauB } from './kendall-tau-b.ts';
import { krippendorffAlpha } from './krippendorff-alpha.ts';
import { exactMcNemar } from './mcnemar.ts';
import { pairedDifference } from './paired-difference.ts';
import { DECIDED_AT, startWinRateProcess } from './win-rate-process.ts';

const units = (...rows: number[][]) => rows.map((values) => ({ values, weight: 1 }));

describe('agreement by hand', () => {
  it('alpha of two raters', () => {
    // four things, one of them disputed: coincidences 0,0: 4; 1,1: 2; 0,1 and 1,0: 1 each; n 8, n0 5, n1 3
    // observed 2, expected 2 * 5 * 3 / 7
    const figure = krippendorffAlpha(units([0, 0], [0, 0], [1, 1], [0, 1]), 'nominal');
    expect(figure).toEqual({ value: expect.closeTo(1 - 2 / (30 / 7), 12) });
  });

  it('AC1 of the same', () => {
    // agreed 3/4; shares 5/8 and 3/8; chance 1/(2-1) * (5/8 * 3/8 + 3/8 * 5/8)
    const chance = 2 * (5 / 8) * (3 / 8);
    const figure = gwetAc(units([0, 0], [0, 0], [1, 1], [0, 1]), { categories: [0, 1], weights: 'identity' });
    expect(figure).toEqual({ value: expect.closeTo((3 / 4 - chance) / (1 - chance), 12) });
  });

  it.each([
    ['nothing', units(), 'nothing was judged by two people'],
    ['one answer each', units([0], [1]), 'nothing was judged by two people'],
    ['one answer always', units([1, 1], [1, 1]), 'everybody always said the same'],
  ])('alpha of %s is undefined, and says why', (_, rows, reason) => {
    expect(krippendorffAlpha(rows, 'ordinal')).toEqual({ undefined: reason });
  });

  it('AC1 is 1 where everybody always said the same', () => {
    const figure = gwetAc(units([1, 1], [1, 1]), { categories: [0, 1], weights: 'identity' });
    expect(figure).toEqual({ value: 1 });
  });

  it('an answer that the scale does not have is refused', () => {
    expect(() => gwetAc(units([3, 1]), { categories: [0, 1], weights: 'identity' })).toThrow(
      '3 is not on the scale 0, 1',
    );
  });

  it('tau-b needs what is not tied', () => {
    expect(kendallTauB([0, 1, 2], [2, 1, 0])).toEqual({ value: -1 });
    expect(kendallTauB([0, 0], [0, 1])).toEqual({ undefined: 'one of both ties everything' });
    expect(() => kendallTauB([0], [0, 1])).toThrow('1 places and 2');
  });
});

describe('differences', () => {
  it('counts a prompt once, however many draws it has', () => {
    const draws = [0.2, 0.4].flatMap((ours) => [{ cluster: 'a', ours, others: 0 }]);
    const { value, of, verdict } = pairedDifference([...draws, { cluster: 'b', ours: 0.9, others: 0.8 }]);
    expect(value).toBeCloseTo((0.3 + 0.1) / 2);
    expect({ of, verdict }).toEqual({ of: 2, verdict: 'not told apart' });
  });

  it('says better and worse only where the interval excludes 0', () => {
    const rows = (ours: number) =>
      Array.from({ length: 50 }, (_, i) => ({ cluster: `${i}`, ours: ours + (i % 2) * 0.1, others: 0 }));
    expect(pairedDifference(rows(0.5)).verdict).toBe('better');
    expect(pairedDifference(rows(-0.5)).verdict).toBe('worse');
    expect(pairedDifference(rows(-0.05)).verdict).toBe('not told apart');
    expect(pairedDifference(rows(0.5).slice(0, 1))).toMatchObject({
      bounds: null,
      verdict: 'not told apart',
    });
  });

  it('McNemar of equal splits is 1, and of thousands is no NaN', () => {
    expect(exactMcNemar(0, 0)).toBe(1);
    expect(exactMcNemar(4, 4)).toBe(1);
    // 2 * 0.5^6
    expect(exactMcNemar(6, 0)).toBeCloseTo(2 / 64, 12);
    expect(exactMcNemar(2000, 2300)).toBeLessThan(1e-5);
  });
});

describe('bootstrap', () => {
  it('covers the truth about as often as it says', () => {
    const rng = createRng(3, 'coverage');
    let covered = 0;
    const worlds = 300;
    for (let world = 0; world < worlds; world++) {
      const values = Array.from({ length: 40 }, () => rng.normal());
      const { mean } = bootstrap(
        values.length,
        (weights) => ({
          mean: { value: values.reduce((sum, v, i) => sum + v * (weights[i] as number), 0) / 40 },
        }),
        { rng, resamples: 300 },
      );
      if ('value' in mean && mean.low <= 0 && mean.high >= 0) covered++;
    }
    // 0.93 is what percentile bounds of 40 normal values reach; three standard errors (0.015) below it
    expect(covered / worlds).toBeGreaterThan(0.89);
    expect(covered / worlds).toBeLessThan(0.98);
  });

  it('passes on what is undefined, and says where there is too little', () => {
    const rng = createRng(1, 'little');
    const none = bootstrap(3, () => ({ x: { undefined: 'because' } as const }), { rng });
    expect(none.x).toEqual({ undefined: 'because' });
    const figuresOf = (weights: Float64Array) => ({
      x: (weights[0] as number) > 0 ? { value: 1 } : { undefined: 'gone' },
    });
    expect(bootstrap(3, figuresOf, { rng }).x).toEqual({
      undefined: 'there is too little to say how sure it is',
    });
  });
});

describe('a win rate that is looked at after every answer', () => {
  /** @returns how many of the worlds are decided within `cap` answers, and the median of how many that took */
  function decide(winRate: number, { worlds, cap }: { worlds: number; cap: number }) {
    const rng = createRng(11, `win rate ${winRate}`);
    const taken: number[] = [];
    for (let world = 0; world < worlds; world++) {
      const process = startWinRateProcess();
      for (let n = 1; n <= cap; n++) {
        const isTie = rng.uniform() < 0.2;
        process.add(isTie ? 0.5 : rng.uniform() < winRate ? 1 : 0);
        if (process.evidence() < DECIDED_AT) continue;
        taken.push(n);
        break;
      }
    }
    taken.sort((a, b) => a - b);
    return { decided: taken.length / worlds, median: taken[Math.floor(worlds / 2)] };
  }

  it('is decided by mistake in at most one world of twenty', () => {
    expect(decide(0.5, { worlds: 600, cap: 1500 }).decided).toBeLessThan(0.05);
  });

  // what a decision costs, by independent simulation of the same rule with one tie in five: 268, 106 and 56 answers
  it.each([
    [0.6, 268],
    [0.65, 106],
    [0.7, 56],
  ])('at %f takes some %i answers', (winRate, median) => {
    const taken = decide(winRate, { worlds: 600, cap: 1500 }).median as number;
    expect(Math.abs(taken / median - 1)).toBeLessThan(0.1);
  });

  it('refuses what is no outcome', () => {
    expect(() => startWinRateProcess().add(2)).toThrow('2 is not between 0 and 1');
  });
});
