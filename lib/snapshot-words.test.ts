import { expect, test } from 'vitest';
import { snapshotWords } from './snapshot-words.ts';

test('a snapshot says its number, how many judgments, and what it was restricted to', () => {
  const words = (kept: number, sources: string[], annotatorIds: string[] | null = null) =>
    snapshotWords({ number: 3, counts: { kept }, query: { sources, annotatorIds } });
  expect(words(1204, ['annotator', 'simulated', 'imported'])).toBe('Snapshot 3: 1,204 judgments');
  expect(words(1, ['imported'])).toBe('Snapshot 3: 1 judgment, only imported');
  expect(words(2, ['annotator', 'imported'], ['usr_1'])).toBe(
    'Snapshot 3: 2 judgments, only by people and imported, of 1 person',
  );
});
