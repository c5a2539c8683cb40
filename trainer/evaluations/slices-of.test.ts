import { describe, expect, it } from 'vitest';
import type { DescribedExample } from '../data/types.ts';
import { lengthSlice, slicesOf } from './slices-of.ts';

const example = (given: Partial<DescribedExample> = {}): DescribedExample => ({
  ...{ id: 'a', prompt: [{ role: 'user', content: 'Hi' }], responses: ['x', 'y'], ranks: [0, 1], margin: 0 },
  ...{ split: 'heldout', strength: null, annotator: null, tags: [], metadata: {} },
  ...given,
});

describe('slicesOf', () => {
  it('says what an example is like, and what its row says', () => {
    const asked = example({
      prompt: [
        { role: 'user', content: 'x'.repeat(99) },
        { role: 'assistant', content: 'y' },
        { role: 'user', content: '' },
      ],
      ...{
        strength: 2,
        annotator: 'ann',
        tags: ['maths'],
        metadata: { source: 'web', id: 7, given: { a: 1 } },
      },
    });
    const other = example({ annotator: 'bob', metadata: { source: 'book', id: 7 } });
    expect(slicesOf([asked, other])(asked)).toEqual([
      { slice: 'prompt length, characters', value: '100 to 299', place: 1 },
      { slice: 'turns of the person', value: '2 to 3', place: 1 },
      { slice: 'strength', value: '2' },
      { slice: 'tag', value: 'maths' },
      { slice: 'annotator', value: 'ann' },
      // an id that all share, and what is no single value, are no kinds
      { slice: 'column source', value: 'web' },
    ]);
  });

  it('passes over columns of many values', () => {
    const rows = Array.from({ length: 20 }, (_, i) => example({ metadata: { row: i, even: i % 2 === 0 } }));
    expect(slicesOf(rows)(rows[0] as DescribedExample).map(({ slice }) => slice)).toEqual([
      'prompt length, characters',
      'turns of the person',
      'column even',
    ]);
  });
});

it.each([
  [[0, 201], 'over 200 shorter'],
  [[0, 200], '50 to 200 shorter'],
  [[0, 50], '50 to 200 shorter'],
  [[0, 49], 'within 50'],
  [[49, 0], 'within 50'],
  [[50, 0], '50 to 200 longer'],
  [[200, 0], '50 to 200 longer'],
  [[201, 0], 'over 200 longer'],
] as [[number, number], string][])('lengths %j are %s', (lengths, value) => {
  expect(lengthSlice(lengths).value).toBe(value);
});
