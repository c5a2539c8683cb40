import { describe, expect, it } from 'vitest';
import { parseCsvRow } from './csv.ts';
import { importFormats } from './import-formats.ts';
import { parseRankedRow } from './ranked.ts';
import { parseRawRow } from './raw.ts';
import { suggestFormat } from './suggest-format.ts';
import { parseUnpairedRow } from './unpaired.ts';

const user = (content: string) => ({ role: 'user', content });

describe('labelled answers', () => {
  it('come in every shape of a row to imitate, with what else it says', () => {
    const row = { prompt: 'p', completion: 'c', label: false, completion_model: 'm', rater: 'x', topic: 'y' };
    expect(parseUnpairedRow(row)).toMatchObject({
      row: {
        prompt: [user('p')],
        completion: 'c',
        isDesirable: false,
        model: 'm',
        annotator: 'x',
        metadata: { topic: 'y' },
      },
    });
    const messages = [user('p'), { role: 'assistant', content: 'c' }];
    expect(parseUnpairedRow({ messages, label: true })).toMatchObject({ row: { completion: 'c' } });
    const turns = { prompt: '\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:', completion: '  d' };
    expect(parseUnpairedRow({ ...turns, label: true })).toMatchObject({
      row: { prompt: [user('a'), { role: 'assistant', content: 'b' }, user('c')], completion: ' d' },
    });
  });

  it('have a label in every spelling of a table, and none besides', () => {
    const label = (value: unknown) => {
      const parsed = parseUnpairedRow({ prompt: 'p', completion: 'c', label: value });
      return parsed.ok ? parsed.row.isDesirable : parsed.detail;
    };
    for (const good of [true, 'True', 'true', 1, '1', '1.0', 'good']) expect(label(good)).toBe(true);
    for (const bad of [false, 'False', 0, '0', -1, 'bad', ' no ']) expect(label(bad)).toBe(false);
    expect(label('maybe')).toMatch(/"label" is "maybe"; expected/);
    expect(label(0.5)).toMatch(/"label" is 0.5/);
    expect(label(null)).toMatch(/there is no "label"; the columns are: prompt, completion, label/);
  });

  it('are judgments of one answer, also in a table', () => {
    const row = { prompt: 'p', completion: 'c', label: 'False' };
    const judged = { kind: 'judged', responses: [{ text: 'c' }], ranking: [[0]], tie: 'both_bad' };
    expect(importFormats['trl-unpaired'].parse(row)).toMatchObject({ row: judged });
    expect(parseCsvRow(row)).toMatchObject({ row: judged });
    expect(suggestFormat('x.jsonl', JSON.stringify(row))).toBe('trl-unpaired');
  });
});

describe('ranked answers', () => {
  const answers = { prompt: 'p', responses: ['a', 'b', 'c'] };
  const rankingOf = (row: object) => {
    const parsed = parseRankedRow(row);
    return parsed.ok ? parsed.row.ranking : parsed.detail;
  };

  it('are read from ranks, from ranks of each answer, from groups', () => {
    expect(rankingOf({ ...answers, ranks: [2, 1, 2] })).toEqual([[1], [0, 2]]);
    expect(rankingOf({ ...answers, ranks: '[0, 2, 1]' })).toEqual([[0], [2], [1]]);
    expect(rankingOf({ ...answers, ranking: [[2], [1, 0]] })).toEqual([[2], [1, 0]]);
    const withRanks = [
      { text: 'a', rank: 1, model: 'm' },
      { text: 'b', rank: 0 },
    ];
    expect(parseRankedRow({ prompt: 'p', responses: withRanks, rater: 'x' })).toMatchObject({
      row: { ranking: [[1], [0]], responses: [{ model: 'm' }, {}], annotator: 'x', metadata: {} },
    });
    const table = { prompt: 'p', response_1: 'a', response_2: 'b', rank_1: '1', rank_2: '1' };
    expect(parseCsvRow(table)).toMatchObject({ row: { kind: 'judged', ranking: [[0, 1]], tie: 'equal' } });
  });

  it('are refused where a list of numbers may be places or an order, and where ranks are missing', () => {
    expect(rankingOf({ ...answers, ranking: [2, 0, 1] })).toMatch(
      /"ranking" is \[2,0,1\]; expected groups .* goes in a column "ranks"/,
    );
    expect(rankingOf({ ...answers, ranking: [[0], [0, 2]] })).toMatch(
      /expected groups of the indexes 0 to 2/,
    );
    expect(rankingOf({ ...answers, ranks: [1, 2] })).toMatch(/expected 3 numbers, one for each response/);
    expect(rankingOf({ ...answers, ranks: ['x', 1, 2] })).toMatch(/expected 3 numbers/);
    expect(rankingOf({ prompt: 'p', responses: ['a'], ranks: [1] })).toMatch(/expected two or more/);
  });
});

describe('a raw row', () => {
  const row = {
    judgment_id: 'j',
    prompt: [user('p')],
    responses: [
      { response_id: 'r1', text: 'a' },
      { response_id: 'r2', text: 'b' },
    ],
    shown_order: ['r2', 'r1'],
    ranking: [['r1'], ['r2']],
    strength: 2,
    tie_kind: 'none',
    flags: { r2: ['spam'] },
    source: 'annotator',
    annotator_pseudonym: 'A1',
    lease_at: 1,
    submitted_at: 3,
    active_ms: 2,
    input_kind: 'touch',
  };
  const problemOf = (change: object) => {
    const parsed = parseRawRow({ ...row, ...change });
    return parsed.ok ? 'ok' : parsed.detail;
  };

  it('is read as it was judged', () => {
    expect(parseRawRow(row)).toMatchObject({
      row: {
        ranking: [[0], [1]],
        strength: 2,
        flags: { 1: ['spam'] },
        annotator: 'A1',
        submittedAt: 3,
        recorded: { shownOrder: [1, 0], inputKind: 'touch' },
      },
    });
    expect(suggestFormat('raw.jsonl', JSON.stringify(row))).toBe('raw');
  });

  it('is refused where it does not say one thing', () => {
    expect(problemOf({ ranking: [['r1']], tie_kind: 'equal' })).toMatch(/"ranking" does not name each/);
    expect(problemOf({ shown_order: ['r1', 'r1'] })).toMatch(/"shown_order" does not name each/);
    expect(problemOf({ strength: -2 })).toMatch(/"strength" is -2, which does not agree/);
    expect(problemOf({ ranking: [['r1', 'r2']] })).toMatch(/"tie_kind" is none/);
    expect(problemOf({ flags: { r1: ['rude'] } })).toMatch(/^flags.r1.0: /);
    expect(problemOf({ responses: [] })).toMatch(/^responses: /);
    expect(problemOf({ prompt: [user(' ')] })).toMatch(/empty/);
  });
});
