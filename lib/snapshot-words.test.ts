import { expect, test } from 'vitest';
import { snapshotWords } from './snapshot-words.ts';

test('a snapshot says its number, how many judgments, from whom', () => {
  const words = (kept: number, sources: string[], annotatorIds: string[] | null = null) =>
    snapshotWords({ number: 3, counts: { kept }, query: { sources, annotatorIds } });
  expect(words(1204, ['annotator', 'simulated', 'imported'])).toBe(
    'Snapshot 3: 1,204 judgments by people, simulated and imported',
  );
  expect(words(1, ['imported'])).toBe('Snapshot 3: 1 judgment imported');
  expect(words(2, ['annotator'], ['usr_1'])).toBe('Snapshot 3: 2 judgments by people, of 1 person');
});
