import { describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { fitBagOfWords, type JudgedTexts } from './bag-of-words.ts';

const pair = (better: string, worse: string, target = 1): JudgedTexts => ({
  responses: [better, worse],
  pairs: [{ chosen: 0, rejected: 1, target, weight: 1 }],
});

/** Inner product of two bags, without hashing. */
function overlap(a: string, b: string): number {
  const bag = (text: string) => {
    const words = text.split(' ');
    const features = [...words, ...words.slice(1).map((word, i) => `${words[i]} ${word}`)];
    const counts = new Map<string, number>();
    for (const feature of features) counts.set(feature, (counts.get(feature) ?? 0) + 1);
    return counts;
  };
  const other = bag(b);
  return [...bag(a)].reduce(
    (sum, [feature, count]) => sum + Math.log1p(count) * Math.log1p(other.get(feature) ?? 0),
    0,
  );
}

describe('fitBagOfWords', () => {
  it('finds the optimum that is worked by hand for one pair', () => {
    // one word of each side, once: x = (ln 2, -ln 2), |x|^2 = 2 ln^2 2 = 0.960906; N = 1, L2 = 0.1: the margin m solves
    // m = 0.960906 / 0.1 * (1 - sigmoid(m)). At m = 1.80: 9.60906 * 0.141851 = 1.3631; at 1.60: 9.60906 * 0.167982 = 1.6141;
    // at 1.605: 9.60906 * 0.167284 = 1.6074; at 1.6069: 9.60906 * 0.167019 = 1.6049; at 1.606: 1.60610
    const score = fitBagOfWords([pair('yes', 'no')], 0.1);
    expect(score('yes') - score('no')).toBeCloseTo(1.6061, 3);
    expect(score('yes')).toBeCloseTo(1.6061 / 2, 3);
    expect(score('no')).toBeCloseTo(-1.6061 / 2, 3);
    expect(score('neither')).toBe(0);
  });

  it('meets the optimality condition for every pair, whatever the order of the rows', () => {
    // at the optimum  N * L2 * w = sum of weight (t - sigmoid(m)) x,  so also for the scores of any text
    const words = ['red', 'blue', 'green', 'long', 'short', 'kind'];
    const rng = createRng(3, 'test');
    const text = () => Array.from({ length: 5 }, () => words[rng.integer(words.length)]).join(' ');
    const rows = Array.from({ length: 40 }, () => pair(text(), text(), rng.uniform() < 0.2 ? 0.5 : 1));
    const score = fitBagOfWords(rows, 0.05);
    const backwards = fitBagOfWords([...rows].reverse(), 0.05);
    for (const { responses } of rows)
      for (const t of responses) expect(score(t)).toBeCloseTo(backwards(t), 5);

    const residuals = rows.map(({ responses: [a, b], pairs }) => {
      const margin = score(a as string) - score(b as string);
      return ((pairs[0]?.target ?? 1) - 1 / (1 + Math.exp(-margin))) / (rows.length * 0.05);
    });
    for (const t of ['red blue', 'kind', 'green long short']) {
      const expected = rows.reduce((sum, { responses: [a, b] }, i) => {
        return sum + (residuals[i] as number) * (overlap(a as string, t) - overlap(b as string, t));
      }, 0);
      expect(score(t)).toBeCloseTo(expected, 5);
    }
  });

  it('takes ties as undecided, and tells word order only as far as two words', () => {
    const tied = fitBagOfWords([pair('a b', 'c d', 0.5)], 0.1);
    expect(tied('a b') - tied('c d')).toBeCloseTo(0, 6);
    const ordered = fitBagOfWords([pair('not bad', 'bad not')], 0.1);
    expect(ordered('not bad')).toBeGreaterThan(ordered('bad not'));
    expect(ordered('bad')).toBe(0);
  });

  it('learns which words win, on rows it has not seen', () => {
    const rng = createRng(1, 'test');
    const filler = () => Array.from({ length: 6 }, () => `w${rng.integer(50)}`).join(' ');
    const row = () => pair(`${filler()} thanks`, `${filler()} never`);
    const score = fitBagOfWords(Array.from({ length: 100 }, row));
    const right = Array.from({ length: 100 }, row).filter(
      ({ responses: [a, b] }) => score(a as string) > score(b as string),
    );
    expect(right.length).toBeGreaterThan(95);
  });

  it('is flat without rows, and stands texts without words', () => {
    expect(fitBagOfWords([])('anything')).toBe(0);
    expect(fitBagOfWords([pair('', '')])('')).toBe(0);
  });
});
