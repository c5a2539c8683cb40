import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeAnswer } from './describe-answer.ts';
import {
  emptyRanking,
  missingFrom,
  type RankingAction,
  type RankingState,
  rankOf,
  reduceRanking,
  unplacedOf,
} from './ranking-state.ts';

const IDS = ['ra', 'rb', 'rc', 'rd', 're', 'rf', 'rg', 'rh', 'ri'];

function play(count: number, actions: RankingAction[], asksStrength = true): RankingState {
  return actions.reduce(reduceRanking, emptyRanking(IDS.slice(0, count), asksStrength));
}
const pick = (id: string): RankingAction => ({ type: 'pick', id });
const left: RankingAction = { type: 'shift', step: -1 };
const right: RankingAction = { type: 'shift', step: 1 };

describe('pairs', () => {
  it('takes a pick for "better", and pressed again for "much better"', () => {
    const strengths = [1, 2, 3].map((times) => play(2, Array(times).fill(pick('ra'))).strength);
    expect(strengths).toEqual([-2, -3, -3]);
    expect(describeAnswer(play(2, [pick('ra')]))).toBe('A is better than B.');
    expect(describeAnswer(play(2, [pick('rb'), pick('rb')]))).toBe('B is much better than A.');
  });

  it('makes "slightly better", which arrows and scale reach, better by a pick', () => {
    expect(play(2, [left]).strength).toBe(-1);
    expect(play(2, [left, pick('ra')]).strength).toBe(-2);
    expect(play(2, [left, pick('rb')]).strength).toBe(2);
    expect(play(2, [pick('ra'), right]).strength).toBe(-1);
  });

  it('stores no strength from a pick where none is asked', () => {
    const state = play(2, [pick('ra'), pick('ra')], false);
    expect([state.strength, state.groups]).toEqual([null, [['ra'], ['rb']]]);
  });

  it('puts the second first when it is picked, with a positive strength', () => {
    const state = play(2, [pick('ra'), pick('ra'), pick('rb')]);
    expect(state.groups).toEqual([['rb'], ['ra']]);
    expect(state.strength).toBe(2);
  });

  it('walks the scale from -3 over the tie to 3 with arrows', () => {
    let state = play(2, [left, left, left, left]);
    const seen = [state.strength];
    for (let step = 0; step < 7; step += 1) {
      state = reduceRanking(state, right);
      seen.push(state.strength);
    }
    expect(seen).toEqual([-3, -2, -1, 0, 1, 2, 3, 3]);
    expect(play(2, [left, right]).tieKind).toBe('equal');
  });

  it('knows only first, tie, second where strength is not asked', () => {
    const walk = [left, right, right, right].map((_, at, all) => play(2, all.slice(0, at + 1), false));
    expect(walk.map((state) => state.groups)).toEqual([
      [['ra'], ['rb']],
      [['ra', 'rb']],
      [['rb'], ['ra']],
      [['rb'], ['ra']],
    ]);
    expect(walk.every((state) => state.strength === null)).toBe(true);
  });

  it('cycles tie: equal, both good, undecided; 0 is both bad and takes itself back', () => {
    const tie: RankingAction = { type: 'tie' };
    expect(play(2, [tie]).tieKind).toBe('equal');
    expect(play(2, [tie, tie]).tieKind).toBe('both_good');
    expect(play(2, [tie, tie, tie]).groups).toEqual([]);
    expect(play(2, [{ type: 'all-bad' }])).toMatchObject({
      tieKind: 'both_bad',
      groups: [['ra', 'rb']],
      strength: 0,
    });
    expect(play(2, [{ type: 'all-bad' }, { type: 'all-bad' }]).groups).toEqual([]);
    expect(play(2, [{ type: 'all-bad' }, pick('rb')])).toMatchObject({ tieKind: 'none', strength: 2 });
  });
});

describe('rankings', () => {
  it('places in the order of the keys pressed and ties the last with the one above', () => {
    const state = play(4, [pick('rc'), pick('ra'), pick('rd'), { type: 'tie' }, pick('rb')]);
    expect(state.groups).toEqual([['rc'], ['ra', 'rd'], ['rb']]);
    expect(IDS.slice(0, 4).map((id) => rankOf(state, id))).toEqual([2, 4, 1, 2]);
    expect(state.strength).toBeNull();
  });

  it('selects instead of placing twice, and moves the selected one', () => {
    const placed = [pick('ra'), pick('rb'), pick('rc')];
    expect(play(3, [...placed, pick('rc'), left]).groups).toEqual([['ra'], ['rc'], ['rb']]);
    expect(play(3, [...placed, pick('ra'), left]).groups).toEqual([['ra'], ['rb'], ['rc']]);
  });

  it('moves out of a tie before it moves past a neighbour', () => {
    const tied = [pick('ra'), pick('rb'), pick('rc'), { type: 'tie' } as const];
    expect(play(3, tied).groups).toEqual([['ra'], ['rb', 'rc']]);
    expect(play(3, [...tied, left]).groups).toEqual([['ra'], ['rc'], ['rb']]);
    expect(play(3, [...tied, right]).groups).toEqual([['ra'], ['rb'], ['rc']]);
  });

  it('joins a tie when dropped between its members and stands alone elsewhere', () => {
    const tied = [pick('ra'), pick('rb'), { type: 'tie' } as const, pick('rc')];
    expect(play(3, [...tied, { type: 'reorder', id: 'rc', index: 1 }]).groups).toEqual([['ra', 'rc', 'rb']]);
    expect(play(3, [...tied, { type: 'reorder', id: 'rc', index: 0 }]).groups).toEqual([
      ['rc'],
      ['ra', 'rb'],
    ]);
    expect(play(3, [...tied, { type: 'reorder', id: 'ra', index: 9 }]).groups).toEqual([
      ['rb'],
      ['rc'],
      ['ra'],
    ]);
  });

  it('calls it equal when everything ends in one tie', () => {
    const state = play(3, [pick('ra'), pick('rb'), { type: 'tie' }, pick('rc'), { type: 'tie' }]);
    expect(state.tieKind).toBe('equal');
  });
});

describe('what is missing', () => {
  it('names the responses that have no place yet', () => {
    expect(missingFrom(play(4, [pick('rb')]), false)).toContain('A, C, D');
    expect(missingFrom(play(4, [pick('rb'), { type: 'not-rankable' }]), false)).toBeNull();
  });

  it('asks for a reason only where the project does, and blanks are none', () => {
    const state = play(2, [pick('ra'), { type: 'set-rationale', text: '  ' }]);
    expect(missingFrom(state, false)).toBeNull();
    expect(missingFrom(state, true)).toContain('reason');
    expect(missingFrom(reduceRanking(state, { type: 'set-rationale', text: 'kinder' }), true)).toBeNull();
  });
});

const anyId = fc.constantFrom(...IDS, 'stranger');
const step = fc.constantFrom<1 | -1>(1, -1);
const anyAction: fc.Arbitrary<RankingAction> = fc.oneof(
  fc.record({ type: fc.constant('pick' as const), id: anyId }),
  fc.record({ type: fc.constant('select' as const), id: anyId }),
  fc.record({ type: fc.constant('unplace' as const), id: anyId }),
  fc.record({ type: fc.constant('reorder' as const), id: anyId, index: fc.integer({ min: -2, max: 12 }) }),
  fc.record({ type: fc.constant('set-strength' as const), strength: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ type: fc.constant('shift' as const), step }),
  fc.record({ type: fc.constant('select-next' as const), step }),
  fc.record({
    type: fc.constant('toggle-flag' as const),
    id: anyId,
    flag: fc.constantFrom('spam', 'harmful'),
  }),
  fc.constantFrom<RankingAction>(
    { type: 'tie' },
    { type: 'all-bad' },
    { type: 'not-rankable' },
    { type: 'clear' },
  ),
);

describe('whatever is pressed', () => {
  it('keeps every response at one place at most, without empty groups, and nothing unknown', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.boolean(),
        fc.array(anyAction),
        (count, asks, actions) => {
          const state = play(count, actions, asks);
          const placed = state.groups.flat();
          expect(new Set(placed).size).toBe(placed.length);
          expect([...placed, ...unplacedOf(state)].sort()).toEqual([...state.shown].sort());
          expect(state.groups.every((group) => group.length > 0)).toBe(true);
          expect(state.selected === null || state.shown.includes(state.selected) || actions.length > 0).toBe(
            true,
          );
          expect(Object.keys(state.flags).every((id) => state.shown.includes(id))).toBe(true);
        },
      ),
    );
  });

  it('never lets tie kind and strength contradict the order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.boolean(),
        fc.array(anyAction),
        (count, asks, actions) => {
          const state = play(count, actions, asks);
          const isAllTied = state.groups.length === 1 && state.groups[0]?.length === count;
          expect(state.tieKind !== 'none').toBe(isAllTied);
          if (count > 2 || !asks || state.groups.length === 0) expect(state.strength).toBeNull();
          else if (unplacedOf(state).length === 0) {
            const expected = isAllTied ? 0 : state.groups[0]?.[0] === state.shown[0] ? -1 : 1;
            expect(Math.sign(state.strength ?? Number.NaN)).toBe(expected);
            expect(Math.abs(state.strength ?? 9)).toBeLessThanOrEqual(3);
          }
        },
      ),
    );
  });

  it('undoes a move by the opposite move', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 9 }), fc.nat(), (count, seed) => {
        const placed = play(count, IDS.slice(0, count).map(pick));
        const chosen = reduceRanking(placed, { type: 'select', id: IDS[1 + (seed % (count - 2))] as string });
        expect(reduceRanking(reduceRanking(chosen, left), right).groups).toEqual(chosen.groups);
      }),
    );
  });
});
