import { describe, expect, it } from 'vitest';
import { describeAnswer } from './describe-answer.ts';
import { emptyRanking, type RankingAction, reduceRanking } from './ranking-state.ts';

const say = (count: number, actions: RankingAction[], asks = true) =>
  describeAnswer(actions.reduce(reduceRanking, emptyRanking(['x', 'y', 'z', 'w'].slice(0, count), asks)));

describe('the answer in words', () => {
  it('says pairs', () => {
    expect(say(2, [])).toBe('Nothing chosen yet.');
    expect(say(2, [{ type: 'pick', id: 'y' }])).toBe('B is better than A.');
    expect(say(2, [{ type: 'shift', step: 1 }])).toBe('B is slightly better than A.');
    expect(say(2, [{ type: 'set-strength', strength: -3 }])).toBe('A is much better than B.');
    expect(say(2, [{ type: 'pick', id: 'x' }], false)).toBe('A is better than B.');
    expect(say(2, [{ type: 'tie' }])).toBe('A tie: both the same.');
    expect(say(2, [{ type: 'all-bad' }])).toBe('Both bad.');
    expect(say(2, [{ type: 'not-rankable' }])).toBe('Not rankable.');
  });

  it('says rankings with ties and what is left', () => {
    const placed: RankingAction[] = [{ type: 'pick', id: 'z' }, { type: 'pick', id: 'x' }, { type: 'tie' }];
    expect(say(4, placed)).toBe('Best first: C = A. Not placed yet: B, D.');
    expect(say(4, [...placed, { type: 'pick', id: 'y' }, { type: 'pick', id: 'w' }])).toBe(
      'Best first: C = A > B > D.',
    );
    expect(say(4, [{ type: 'all-bad' }])).toBe('All bad.');
  });
});
