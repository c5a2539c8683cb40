import { expect, it } from 'vitest';
import { createRng } from '../../../lib/rng.ts';
import { mismatchedRows, type UnpairedRow } from './rows.ts';

const row = (prompt: number, answer: number): UnpairedRow => ({
  id: `${prompt}-${answer}`,
  promptIds: [prompt],
  responseIds: [answer],
  completion: '',
  isDesirable: answer % 2 === 0,
});

it('a stranger is an answer to another prompt, though both answers to a prompt stand side by side', () => {
  const rows = Array.from({ length: 21 }, (_, i) => row(Math.floor(i / 2), i));
  for (let seed = 1; seed <= 20; seed++) {
    const mismatched = mismatchedRows(rows, createRng(seed, 'mismatched'));
    mismatched.forEach(({ promptIds, responseIds }, i) => {
      expect(promptIds).toEqual(rows[i]?.promptIds);
      expect(Math.floor((responseIds[0] as number) / 2)).not.toBe(promptIds[0]);
    });
  }
});

it('with one prompt alone the stranger is another answer to it', () => {
  const rows = [row(1, 10), row(1, 11), row(1, 12)];
  for (const [i, { responseIds }] of mismatchedRows(rows, createRng(1, 'mismatched')).entries())
    expect(responseIds).not.toEqual(rows[i]?.responseIds);
});
