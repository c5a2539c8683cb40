import { describe, expect, it } from 'vitest';
import { createRng } from '../rng.ts';
import { lengthMatchedAccuracy, STRATA, type StratumSums, stratumOf } from './length-matched.ts';
import { type JudgedPair, rewardReport } from './reward-report.ts';

const pair = (i: number, given: Partial<JudgedPair> = {}): JudgedPair => ({
  ...{ id: `j${i}`, cluster: i, weight: 1, margin: 1, words: null, lengths: [10, 10], slices: [] },
  ...given,
});

const matched = (right: number[], lengths: [number, number][]) => {
  const sums = Object.fromEntries(STRATA.map((name) => [name, { weight: 0, right: 0 }])) as StratumSums;
  lengths.forEach((pair, i) => {
    const stratum = stratumOf(pair);
    if (stratum === null) return;
    sums[stratum].weight++;
    sums[stratum].right += right[i] as number;
  });
  return lengthMatchedAccuracy(sums);
};

describe('lengthMatchedAccuracy', () => {
  it('is worked by hand', () => {
    // better is longer: right 2 of 3; shorter: 0 of 1; equal: 1 of 1; 90 characters apart: not counted
    const lengths: [number, number][] = [
      ...([
        [12, 10],
        [12, 10],
        [30, 10],
        [10, 30],
        [10, 10],
        [100, 10],
      ] as [number, number][]),
    ];
    // (4 * (2/3 + 0) / 2 + 1) / 5 = 7/15
    expect(matched([1, 1, 0, 0, 1, 0], lengths)).toEqual({ value: expect.closeTo(7 / 15, 12) });
  });

  it('gives one half to whoever goes by length alone, and says where it cannot be measured', () => {
    const rng = createRng(2, 'lengths');
    const lengths = Array.from({ length: 100 }, () => [rng.integer(40), rng.integer(30)] as [number, number]);
    const longest = lengths.map(([better, other]) => (better > other ? 1 : better === other ? 0.5 : 0));
    expect(matched(longest, lengths)).toEqual({ value: expect.closeTo(0.5, 12) });
    expect(matched([1], [[90, 1]])).toEqual({ undefined: 'no two answers are of like length' });
    expect(matched([1], [[9, 1]])).toEqual({
      undefined: 'of answers of like length the longer is always better',
    });
    expect(
      matched(
        [1, 0],
        [
          [5, 5],
          [5, 5],
        ],
      ),
    ).toEqual({ value: 0.5 });
  });
});

describe('rewardReport', () => {
  it('counts an example once, however many pairs it has, and equal scores half', () => {
    // a: right and wrong of two pairs; b: right; c: equal
    const report = rewardReport(
      [
        pair(0, { id: 'a', weight: 0.5 }),
        pair(0, { id: 'a', weight: 0.5, margin: -1 }),
        pair(1, { id: 'b' }),
        pair(2, { id: 'c', margin: 0 }),
      ],
      { trainedAt: 1 },
    );
    expect(report.accuracy).toMatchObject({ value: expect.closeTo(2 / 3, 12), of: 3 });
    expect(report).toMatchObject({ examples: 3, pairs: 4, clusters: 3 });
    expect(report.difference.bagOfWords).toEqual({ undefined: 'there were no training pairs to fit it to' });
  });

  it('tells a model from length, and not from its twin', () => {
    const rng = createRng(3, 'report');
    const pairs = Array.from({ length: 300 }, (_, i) => {
      const margin = rng.uniform() < 0.8 ? 1 : -1;
      const isLonger = rng.uniform() < 0.55;
      return pair(i, { margin, words: margin, lengths: isLonger ? [30, 20] : [20, 30] });
    });
    const { difference, baselines, accuracy, lengthMatched } = rewardReport(pairs, { trainedAt: 1 });
    expect(difference.longest).toMatchObject({ verdict: 'better', inWords: 'told apart' });
    expect(difference.bagOfWords).toMatchObject({
      ...{ value: 0, low: 0, high: 0, verdict: 'not told apart', inWords: 'not told apart' },
      mcNemar: { onlyModel: 0, onlyBaseline: 0, p: 1 },
    });
    expect(baselines.longest.lengthMatched).toMatchObject({ value: 0.5 });
    expect(baselines.bagOfWords.accuracy).toEqual(accuracy);
    if (!('value' in accuracy) || !('value' in lengthMatched)) throw new Error('undefined');
    expect(accuracy.low).toBeLessThan(accuracy.value);
    expect(accuracy.high).toBeGreaterThan(accuracy.value);
    // binomial: 1.96 sqrt(.8 * .2 / 300) = 0.045 either way
    expect(accuracy.high - accuracy.low).toBeGreaterThan(0.07);
    expect(accuracy.high - accuracy.low).toBeLessThan(0.11);
  });

  it('takes pairs of one cluster for one another’s company: wider intervals', () => {
    const rng = createRng(4, 'report');
    const right = Array.from({ length: 30 }, () => rng.uniform() < 0.7);
    const pairs = (clusterOf: (i: number) => number) =>
      Array.from({ length: 300 }, (_, i) =>
        pair(i, { cluster: clusterOf(i), margin: right[Math.floor(i / 10)] ? 1 : -1 }),
      );
    const width = (given: JudgedPair[]) => {
      const { accuracy } = rewardReport(given, { trainedAt: 1 });
      if (!('value' in accuracy)) throw new Error(accuracy.undefined);
      return accuracy.high - accuracy.low;
    };
    // sqrt(10) times as wide
    const ratio = width(pairs((i) => Math.floor(i / 10))) / width(pairs((i) => i));
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(4);
  });

  it('measures calibration with temperatures of other folds alone', () => {
    const rng = createRng(6, 'report');
    const overconfident = Array.from({ length: 2000 }, (_, i) => {
      const size = 4 * rng.uniform();
      return pair(i, { margin: rng.uniform() < 1 / (1 + Math.exp(-size / 4)) ? size : -size });
    });
    const { ece, temperature, reliability } = rewardReport(overconfident, { trainedAt: 1 });
    if (!('value' in temperature)) throw new Error(temperature.undefined);
    expect(temperature.value).toBeGreaterThan(3.2);
    expect(temperature.value).toBeLessThan(5);
    expect(ece.before).toBeGreaterThan(0.15);
    expect(ece.after).toBeLessThan(0.05);
    expect(reliability.after).toHaveLength(10);
    // scores that are as many times larger say the same of the log-odds they were trained for
    const larger = overconfident.map((given) => ({ ...given, margin: 3 * given.margin }));
    expect(rewardReport(larger, { trainedAt: 3 }).ece.before).toBeCloseTo(ece.before, 9);
  });

  it('has no calibrated figure where no temperature is the best', () => {
    const report = rewardReport([pair(0), pair(1)], { trainedAt: 1 });
    expect(report.temperature).toEqual({ undefined: 'no pair is ordered wrongly' });
    expect(report.ece.after).toBeNull();
  });

  it('counts slices, each with its interval, and says of words only where they were fitted', () => {
    const rows = [1, 1, -1, 1].map((margin, i) =>
      pair(i, { margin, words: -margin, slices: [{ slice: 'tag', value: i < 3 ? 'long' : 'short' }] }),
    );
    expect(rewardReport(rows, { trainedAt: 1 }).slices).toEqual([
      expect.objectContaining({
        ...{ slice: 'tag', value: 'long', pairs: 3, clusters: 3 },
        ...{ accuracy: expect.closeTo(2 / 3, 12), bagOfWords: expect.closeTo(1 / 3, 12) },
        // Wilson of 2 of 3
        ...{ low: expect.closeTo(0.2077, 3), high: expect.closeTo(0.9385, 3) },
      }),
      expect.objectContaining({ value: 'short', accuracy: 1, high: 1 }),
    ]);
  });

  it('shows a signal that says nothing as saying nothing', () => {
    const rng = createRng(7, 'report');
    const useless = Array.from({ length: 400 }, (_, i) =>
      pair(i, { margin: (rng.uniform() < 0.6 ? 1 : -1) * rng.uniform() }),
    );
    const useful = Array.from({ length: 400 }, (_, i) =>
      pair(i, { margin: i % 4 === 0 ? -rng.uniform() : 1 + rng.uniform() }),
    );
    expect(rewardReport(useless, { trainedAt: 1 }).uncertainty[0]?.says).toBe('says nothing of being wrong');
    expect(rewardReport(useful, { trainedAt: 1 }).uncertainty[0]).toMatchObject({
      ...{ signal: 'margin', says: 'tells wrong from right', area: 1 },
    });
  });

  it('finds judgments that the model disputes, the clearest first', () => {
    const margins = [...Array.from({ length: 98 }, (_, i) => [1, 0.5, 1, -0.5][i % 4] as number), -5, -3];
    const { suspects } = rewardReport(
      margins.map((margin, i) => pair(i, { margin })),
      { trainedAt: 1 },
    );
    // root mean square: sqrt((49 + 49 / 4 + 25 + 9) / 100) = 0.976, twice that below 0 only the last two
    expect(suspects.shown.map(({ id }) => id)).toEqual(['j98', 'j99']);
    expect(suspects.found).toBe(2);
    expect(suspects.shown[0]?.probability).toBeLessThan(0.1);
  });

  it('refuses nothing and NaN', () => {
    expect(() => rewardReport([], { trainedAt: 1 })).toThrow('no decided pair');
    expect(() => rewardReport([pair(0, { margin: Number.NaN })], { trainedAt: 1 })).toThrow(
      'margin of j0 is NaN',
    );
  });
});
