import { describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { type Agreement, type Figure, measureAgreement } from './measure-agreement.ts';
import type { RatedPair } from './read-ratings.ts';

const pair = (name: string, values: Record<string, number>, hasStrength = true): RatedPair => ({
  pair: name,
  cluster: name,
  ratings: Object.entries(values).map(([rater, value]) => ({
    rater,
    taskId: `task of ${name}`,
    value,
    hasStrength,
  })),
});
const numberOf = (figure: Figure) => ('value' in figure ? figure.value : Number.NaN);

/** People who each see the truth with a chance of `skill`, and else say anything. */
function people(numPairs: number, { skill, seed }: { skill: number; seed: number }): RatedPair[] {
  const rng = createRng(seed, 'people');
  return Array.from({ length: numPairs }, (_, i) => {
    const truth = rng.integer(7) - 3;
    const said = ['ada', 'bo', 'cy'].map(
      (name) => [name, rng.uniform() < skill ? truth : rng.integer(7) - 3] as const,
    );
    return pair(`${i}`, Object.fromEntries(said));
  });
}

describe('agreement', () => {
  it('by hand', () => {
    const agreement = measureAgreement([
      pair('1', { ada: 2, bo: 1 }),
      pair('2', { ada: -1, bo: -1 }),
      pair('3', { ada: 0, bo: 2 }),
      pair('4', { ada: 3, bo: -3 }),
      pair('5', { ada: 1 }),
    ]);
    expect(agreement.scale).toEqual({ kind: 'strength', answers: [-3, -2, -1, 0, 1, 2, 3] });
    expect(agreement.pairs).toEqual({ value: 5, judgedTwice: 4 });
    expect(agreement.annotators).toEqual({ value: 2 });
    // the same side in 1 and 2 of four; of the three that both decide, two
    expect(numberOf(agreement.percent)).toBe(0.5);
    expect(numberOf(agreement.decided)).toBeCloseTo(2 / 3);
    expect(agreement.byPerson).toMatchObject([
      { rater: 'ada', agreed: 2, of: 3 },
      { rater: 'bo', agreed: 2, of: 3 },
    ]);
    expect(agreement.disputed.map(({ values }) => values)).toEqual([
      [3, -3],
      [0, 2],
    ]);
    expect(agreement.disputed[0]?.taskIds).toEqual(['task of 4']);
  });

  it('half agrees where most others are split', () => {
    const { ceiling, byPerson } = measureAgreement([pair('1', { ada: 1, bo: 1, cy: -1 })]);
    // ada: the others split; bo: the same; cy: both against
    expect(numberOf(ceiling)).toBeCloseTo((0.5 + 0.5 + 0) / 3);
    expect(byPerson.map(({ agreed }) => agreed)).toEqual([0.5, 0.5, 0]);
  });

  it('does not depend on which response of a pair is called the first', () => {
    const rng = createRng(5, 'flips');
    const here = people(60, { skill: 0.5, seed: 2 });
    const there = here.map((rated) =>
      rng.uniform() < 0.5
        ? rated
        : { ...rated, ratings: rated.ratings.map((rating) => ({ ...rating, value: -rating.value || 0 })) },
    );
    const figuresOf = ({ alpha, ac1, ac2, percent, ceiling }: Agreement) =>
      [...Object.values(alpha), ac1, ac2, percent, ceiling].map(numberOf);
    const expected = figuresOf(measureAgreement(here));
    for (const [i, figure] of figuresOf(measureAgreement(there)).entries())
      expect(figure).toBeCloseTo(expected[i] as number, 10);
  });

  it('is near 0 where everybody guesses, and its intervals say so', () => {
    const { alpha, ac1 } = measureAgreement(people(200, { skill: 0, seed: 4 }));
    for (const figure of [alpha.nominal, alpha.ordinal, alpha.interval, ac1]) {
      if (!('value' in figure)) throw new Error(figure.undefined);
      expect(Math.abs(figure.value)).toBeLessThan(0.1);
      expect(figure.low).toBeLessThan(0);
      expect(figure.high).toBeGreaterThan(0);
    }
  });

  it('counts only which is better as soon as one judgment does not say how much', () => {
    const { scale } = measureAgreement([pair('1', { ada: 3, bo: 2 }), pair('2', { ada: 1, bo: 1 }, false)]);
    expect(scale).toEqual({ kind: 'side', answers: [-1, 0, 1] });
  });

  it('says why there is none', () => {
    const reason = { undefined: 'nothing was judged by two people' };
    expect(measureAgreement([pair('1', { ada: 3 })])).toMatchObject({
      percent: reason,
      ac1: reason,
      ceiling: reason,
    });
  });
});
