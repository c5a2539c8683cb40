import { describe, expect, it } from 'vitest';
import { nearDuplicateClusters } from './near-duplicate-clusters.ts';
import { createRng } from './rng.ts';

const words = (n: number, seed: number) => {
  const rng = createRng(seed, 'words');
  return Array.from({ length: n }, () => `w${rng.integer(5000)}`);
};

describe('nearDuplicateClusters', () => {
  it('knows the same text whatever its case, spaces and punctuation', () => {
    expect([
      ...nearDuplicateClusters([
        'How do I bake bread?',
        'What is rain?',
        'how do  i bake BREAD',
        'What is snow?',
      ]),
    ]).toEqual([0, 1, 0, 2]);
  });

  it('joins a long text with one word changed, at either end of a chain, and no stranger', () => {
    const base = words(60, 1);
    const changed = base.with(3, 'other');
    const twice = changed.with(50, 'another');
    const stranger = words(60, 2);
    const texts = [base, stranger, changed, twice].map((list) => list.join(' '));
    // 56 shingles; one changed word near the beginning is in 4 of them: 52 / 60 shared. base and twice: 47 / 65 = 0.72
    expect([...nearDuplicateClusters(texts)]).toEqual([0, 1, 0, 0]);
  });

  it('leaves apart what shares less than seven tenths', () => {
    const base = words(40, 3);
    // 36 shingles; two changed words in the middle, far apart, are in 5 each: 26 / 46 = 0.57
    const texts = [base, base.with(12, 'x').with(28, 'y')].map((list) => list.join(' '));
    expect([...nearDuplicateClusters(texts)]).toEqual([0, 1]);
  });

  it('takes no texts, and empty ones', () => {
    expect([...nearDuplicateClusters([])]).toEqual([]);
    expect([...nearDuplicateClusters(['', 'a', ''])]).toEqual([0, 1, 0]);
  });

  it('finds nearly all pairs well above the threshold', () => {
    const texts = Array.from({ length: 200 }, (_, i) => {
      const base = words(100, 100 + i);
      return [base.join(' '), base.with(50, 'changed').join(' ')];
    }).flat();
    const clusters = nearDuplicateClusters(texts);
    const met = Array.from({ length: 200 }, (_, i) => clusters[2 * i] === clusters[2 * i + 1]);
    // s = 91 / 101 = 0.90: missed with probability (1 - s^8)^14 = 2e-4
    expect(met.filter(Boolean).length).toBeGreaterThanOrEqual(199);
    expect(new Set(clusters).size).toBe(400 - met.filter(Boolean).length);
  });
});
