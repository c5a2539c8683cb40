import { describe, expect, it } from 'vitest';
import { sharedPath } from '../../tests/support/shared-data.ts';
import { readRows } from '../rows/read-rows.ts';
import { numberedVerdict, parseSideBySideRow } from './side-by-side.ts';
import { suggestFormat } from './suggest-format.ts';
import { scaleOf, type VerdictScale } from './verdict.ts';

const asked = { prompt: 'p', response_a: 'one', response_b: 'two' };

/** Who won, how strongly, or the kind of tie; why there is none. */
function verdictOf(row: object, scale: VerdictScale | null = null): string {
  const parsed = parseSideBySideRow(row, scale);
  if (!parsed.ok) return `${parsed.reason}: ${parsed.detail}`;
  const { chosen, strength, tie } = parsed.row;
  return tie === 'none' ? `${chosen.text} ${strength ?? '-'}` : tie;
}

describe('two answers and a verdict', () => {
  it.each([
    ['a', 'one -'],
    ['B', 'two -'],
    ['model_a', 'one -'],
    ['Model B', 'two -'],
    ['[[A]]', 'one -'],
    ['response_b', 'two -'],
    ['left', 'one -'],
    ['a-is-better', 'one 2'],
    ['B is slightly better', 'two 1'],
    ['a is much better', 'one 3'],
    ['A>>B', 'one 3'],
    ['[[B>A]]', 'two 1'],
    ['A<<B', 'two 3'],
    ['A=B', 'equal'],
    ['tie', 'equal'],
    ['tie (bothbad)', 'both_bad'],
    ['both_bad', 'both_bad'],
    ['Both good', 'both_good'],
  ])('reads %s', (winner, said) => {
    expect(verdictOf({ ...asked, winner })).toBe(said);
  });

  it('reads answers under other names, and the name of the model that won', () => {
    const models = { model_a: 'gpt', model_b: 'llama' };
    expect(verdictOf({ ...asked, ...models, winner: 'llama' })).toBe('two -');
    expect(verdictOf({ ...asked, model_a: 'x', model_b: 'x', winner: 'x' })).toMatch(/"winner" is "x"/);
    expect(verdictOf({ question: 'p', answer_1: 'one', answer_2: 'two', preference: 2 })).toBe('two -');
    expect(verdictOf({ question: 'p', answer_1: 'one', answer_2: 'two', preference: 0 })).toBe('equal');
    expect(verdictOf({ prompt: 'p', response_0: 'one', response_1: 'two', better_response_id: 0 })).toBe(
      'one -',
    );
    expect(verdictOf({ prompt: 'p', response1: 'one', response2: 'two', overall_preference: -2 })).toBe(
      'one 2',
    );
    const onehot = { winner_model_a: '0', winner_model_b: '0', winner_tie: '1' };
    expect(verdictOf({ prompt: '["p"]', response_a: '["one"]', response_b: '["two"]', ...onehot })).toBe(
      'equal',
    );
  });

  it('keeps who wrote and judged, time, reason, and every other column', () => {
    const row = {
      id: 3,
      ...asked,
      model_a: 'm1',
      model_b: 'm2',
      winner: 'b',
      judge: 'ann',
      tstamp: 1_682_351_591,
      rationale: 'why',
      language: 'English',
    };
    expect(parseSideBySideRow(row, null)).toMatchObject({
      row: {
        chosen: { text: 'two', model: 'm2' },
        rejected: { text: 'one', model: 'm1' },
        annotator: 'ann',
        submittedAt: 1_682_351_591_000,
        rationale: 'why',
        externalId: '3',
        metadata: { language: 'English' },
      },
    });
  });

  it('cuts conversations at the turn that was judged, and refuses those that part before it', () => {
    const said = (role: string, content: string) => ({ role, content });
    const talk = (first: string, second: string) => [
      said('user', 'p'),
      said('assistant', first),
      said('user', 'q'),
      said('assistant', second),
    ];
    const row = { conversation_a: talk('one', 'x'), conversation_b: talk('two', 'y'), winner: 'model_b' };
    expect(parseSideBySideRow({ ...row, turn: 1 }, null)).toMatchObject({
      row: { prompt: [said('user', 'p')], chosen: { text: 'two' }, metadata: { turn: 1 } },
    });
    expect(verdictOf({ ...row, turn: 2 })).toMatch(/^prompts-differ/);
    expect(verdictOf({ ...row, conversation_b: talk('one', 'y') })).toBe('y -');
  });

  it('takes numbers only where the whole file tells what they mean', () => {
    const numbers = (...winners: unknown[]) =>
      scaleOf(new Set(winners.map((winner) => numberedVerdict({ ...asked, winner }) ?? 99)));
    expect(numbers(1, -1, 0)).toBe('signed');
    expect(numbers('1', '2', '1.0')).toBe('counted');
    for (const odd of [numbers(0, 1), numbers(0, 1, 2), numbers(1), numbers(1, -3), numbers(1, 'x')]) {
      expect(odd).toBeNull();
    }
    expect([1, 0, -1].map((winner) => verdictOf({ ...asked, winner }, 'signed'))).toEqual([
      'one -',
      'equal',
      'two -',
    ]);
    expect(verdictOf({ ...asked, winner: '2' }, 'counted')).toBe('two -');
    expect(verdictOf({ ...asked, winner: 1 })).toMatch(/the number 1, which may mean either answer or a tie/);
  });

  it('says what it found and what it expects', () => {
    expect(verdictOf({ ...asked, winner: 'gamma' })).toMatch(/"winner" is "gamma"; expected a, b, model_a/);
    expect(verdictOf({ prompt: 'p', response_a: 'x' })).toMatch(
      /the columns are: prompt, response_a; expected two/,
    );
    expect(verdictOf({ ...asked, response_b: 'one', winner: 'a' })).toMatch(/^identical-pair/);
    // a list of answers that wait to be judged, and a label of something else, are no verdicts
    expect(verdictOf({ ...asked, response_c: 'three', winner: 'a' })).toMatch(/^wrong-columns/);
    expect(suggestFormat('x.jsonl', JSON.stringify({ ...asked, label: 'math' }))).toBe('prompts');
    expect(suggestFormat('x.jsonl', JSON.stringify({ ...asked, winner: 'a' }))).toBe('side-by-side');
  });

  const tulu = sharedPath('data', 'pref', 'tulu1-annotations.jsonl');
  it.skipIf(tulu === null)('reads the 1,150 five-way annotations of tulu1', async () => {
    const counts: Record<string, number> = {};
    for await (const entry of readRows(tulu ?? '', { fileName: 'x.jsonl', expected: ['json'] })) {
      const parsed = 'value' in entry ? parseSideBySideRow(entry.value, null) : entry;
      const { strength, tie, annotator } = 'row' in parsed ? parsed.row : {};
      const key = 'row' in parsed ? (tie === 'none' ? `better ${strength}` : `${tie}`) : `${parsed.reason}`;
      counts[key] = (counts[key] ?? 0) + 1;
      if ('row' in parsed) expect(annotator).toMatch(/^\w+/);
    }
    expect(counts).toEqual({ 'better 2': 347, 'better 1': 426, equal: 337, 'identical-pair': 40 });
  });
});
