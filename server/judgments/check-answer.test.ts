import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAnswer } from './check-answer.ts';

const plain = { strength: null, tieKind: 'none', notRankable: false, flags: {}, rationale: '' } as const;
const relaxed = (shownOrder: string[]) => ({ shownOrder, requireRationale: false });

/** A task of 2-9 responses with a correct ranking of it: a shuffled order cut into places. */
const ranked = fc
  .integer({ min: 2, max: 9 })
  .chain((num) => {
    const shownOrder = Array.from({ length: num }, (_, i) => `rsp_${i}`);
    return fc.record({
      shownOrder: fc.constant(shownOrder),
      order: fc.shuffledSubarray(shownOrder, { minLength: num, maxLength: num }),
      cuts: fc.array(fc.boolean(), { minLength: num - 1, maxLength: num - 1 }),
    });
  })
  .map(({ shownOrder, order, cuts }) => {
    const ranking: string[][] = [];
    order.forEach((id, i) => {
      if (i === 0 || cuts[i - 1]) ranking.push([id]);
      else ranking.at(-1)?.push(id);
    });
    return { shownOrder, ranking, tieKind: ranking.length === 1 ? ('equal' as const) : ('none' as const) };
  });

describe('checkAnswer', () => {
  it('takes every partition of the shown responses into places', () => {
    fc.assert(
      fc.property(ranked, ({ shownOrder, ranking, tieKind }) => {
        expect(() => checkAnswer({ ...plain, ranking, tieKind }, relaxed(shownOrder))).not.toThrow();
      }),
    );
  });

  it('refuses every ranking with one response missing, twice or strange', () => {
    fc.assert(
      fc.property(ranked, fc.nat(), fc.nat(), (task, pick, place) => {
        const { shownOrder, ranking, tieKind } = task;
        const victim = shownOrder[pick % shownOrder.length] as string;
        const refuse = (broken: string[][], reason: RegExp) =>
          expect(() => checkAnswer({ ...plain, ranking: broken, tieKind }, relaxed(shownOrder))).toThrow(
            reason,
          );
        const without = ranking
          .map((group) => group.filter((id) => id !== victim))
          .filter((group) => group.length > 0);
        refuse(without, new RegExp(`${victim} has no place`));
        const twice = ranking.map((group, i) => (i === place % ranking.length ? [...group, victim] : group));
        refuse(twice, new RegExp(`${victim} has two places`));
        refuse([...ranking, ['rsp_strange']], /rsp_strange is not a response/);
        refuse([...ranking, []], /place without a response|tieKind/);
      }),
    );
  });

  it('takes a strength of a pair only when its sign tells the same as the ranking', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3, max: 3 }),
        fc.constantFrom('first', 'second', 'tie'),
        (strength, says) => {
          const ranking = { first: [['a'], ['b']], second: [['b'], ['a']], tie: [['b', 'a']] }[says];
          const tieKind = says === 'tie' ? 'both_good' : 'none';
          const agrees = says === 'first' ? strength < 0 : says === 'second' ? strength > 0 : strength === 0;
          const check = () => checkAnswer({ ...plain, ranking, tieKind, strength }, relaxed(['a', 'b']));
          if (agrees) expect(check).not.toThrow();
          else expect(check).toThrow(/strength/);
        },
      ),
    );
  });

  it('refuses a strength of a ranking of three', () => {
    const ranking = [['a'], ['b'], ['c']];
    expect(() => checkAnswer({ ...plain, ranking, strength: -1 }, relaxed(['a', 'b', 'c']))).toThrow(
      /only pairs/,
    );
  });

  it('wants to know what a tie means, and only then', () => {
    const pair = relaxed(['a', 'b']);
    expect(() => checkAnswer({ ...plain, ranking: [['a', 'b']] }, pair)).toThrow(/tieKind/);
    expect(() => checkAnswer({ ...plain, ranking: [['a'], ['b']], tieKind: 'both_bad' }, pair)).toThrow(
      /tieKind/,
    );
  });

  it('wants nothing ranked of a task that is not rankable', () => {
    const pair = relaxed(['a', 'b']);
    const refusal = { ...plain, ranking: [], notRankable: true };
    expect(() => checkAnswer(refusal, pair)).not.toThrow();
    expect(() => checkAnswer({ ...refusal, ranking: [['a'], ['b']] }, pair)).toThrow(/ranking/);
    expect(() => checkAnswer({ ...refusal, strength: 0 }, pair)).toThrow(/strength/);
    expect(() => checkAnswer({ ...refusal, tieKind: 'both_bad' }, pair)).toThrow(/tieKind/);
    expect(() => checkAnswer({ ...refusal, notRankable: false }, pair)).toThrow(/has no place/);
  });

  it('refuses flags of strangers, and a missing rationale where one is asked', () => {
    const answer = { ...plain, ranking: [['a'], ['b']] };
    const pair = relaxed(['a', 'b']);
    expect(() => checkAnswer({ ...answer, flags: { a: ['spam'] } }, pair)).not.toThrow();
    expect(() => checkAnswer({ ...answer, flags: { c: ['spam'] } }, pair)).toThrow(/flags: c/);
    const strict = { ...pair, requireRationale: true };
    expect(() => checkAnswer({ ...answer, rationale: ' \n' }, strict)).toThrow(/rationale/);
    expect(() => checkAnswer({ ...answer, rationale: 'shorter' }, strict)).not.toThrow();
  });
});
