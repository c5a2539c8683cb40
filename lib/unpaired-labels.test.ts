import { describe, expect, it } from 'vitest';
import { unpairedLabels } from './unpaired-labels.ts';

const label = (responseId: string, value: boolean) => ({ responseId, label: value });

describe('unpairedLabels', () => {
  it.each([
    ['a pair', [['a'], ['b']], 'none', {}, [label('a', true), label('b', false)], []],
    [
      'a ranking of four with a tie in the middle',
      [['d'], ['a', 'b'], ['c']],
      'none',
      {},
      [label('d', true), label('c', false)],
      ['middle-rank', 'middle-rank'],
    ],
    [
      'two equal winners',
      [['a', 'b'], ['c']],
      'none',
      {},
      [label('a', true), label('b', true), label('c', false)],
      [],
    ],
    ['both good', [['a', 'b']], 'both_good', {}, [label('a', true), label('b', true)], []],
    ['both bad', [['a', 'b']], 'both_bad', {}, [label('a', false), label('b', false)], []],
    ['equal', [['a', 'b']], 'equal', {}, [], ['equal', 'equal']],
    [
      'a harmful winner',
      [['a'], ['b']],
      'none',
      { a: ['spam', 'harmful'] },
      [label('a', false), label('b', false)],
      [],
    ],
    [
      'an untrue one of two good',
      [['a', 'b']],
      'both_good',
      { b: ['untrue'] },
      [label('a', true), label('b', false)],
      [],
    ],
    ['a harmful one of two equal', [['a', 'b']], 'equal', { b: ['harmful'] }, [label('b', false)], ['equal']],
    [
      'a flag that is about form',
      [['a'], ['b']],
      'none',
      { a: ['off_topic'] },
      [label('a', true), label('b', false)],
      [],
    ],
  ] as const)('%s', (_name, ranking, tieKind, flags, labels, leftOut) => {
    expect(unpairedLabels({ ranking, tieKind, flags })).toEqual({ labels, leftOut });
  });
});
