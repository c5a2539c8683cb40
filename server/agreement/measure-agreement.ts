import { createRng } from '../../lib/rng.ts';
import { bootstrap, type Interval } from '../../lib/statistics/bootstrap.ts';
import { gwetAc } from '../../lib/statistics/gwet-ac.ts';
import { type AlphaLevel, krippendorffAlpha } from '../../lib/statistics/krippendorff-alpha.ts';
import type { Defined, RatedUnit } from '../../lib/statistics/rated-unit.ts';
import { wilsonInterval } from '../../lib/statistics/wilson.ts';
import type { RatedPair } from './read-ratings.ts';

const THREE_WAY = [-1, 0, 1];
const SEED = 1;
/** Of the pairs that people are most at odds about, as many are named. */
const MOST_DISPUTED = 50;

export type Figure = Interval | { undefined: string };

export type Agreement = {
  /** 'strength': how much better counts; 'side': only which is better, since not everybody said how much */
  scale: { kind: 'strength' | 'side'; answers: number[] };
  /** two people who judged the same pair and said the same of which is better, ties included */
  percent: Figure;
  /** the same of those pairs of people who both decided */
  decided: Figure;
  alpha: Record<AlphaLevel, Figure>;
  /** nominal, of which is better alone */
  alphaThreeWay: Figure;
  ac1: Figure;
  /** with ordinal weights */
  ac2: Figure;
  /** how often somebody's decided answer is that of most others: what a reward model could reach at best */
  ceiling: Figure;
  pairs: { value: number; judgedTwice: number };
  annotators: { value: number };
  byPerson: { rater: string; agreed: number; of: number; low: number; high: number }[];
  disputed: { taskIds: string[]; values: number[] }[];
};

/**
 * How far people agree, over the pairs of responses that two or more of them judged. Intervals are 95 %, by bootstrap over what hangs
 * together (the responses of one task); a figure that has none says why.
 */
export function measureAgreement(rated: Iterable<RatedPair>): Agreement {
  const shared: RatedPair[] = [];
  const annotators = new Set<string>();
  let numPairs = 0;
  let isGraded = true;
  let strongest = 1;
  for (const pair of rated) {
    numPairs++;
    for (const { rater } of pair.ratings) annotators.add(rater);
    if (pair.ratings.length < 2) continue;
    shared.push(pair);
    isGraded &&= pair.ratings.every(({ hasStrength }) => hasStrength);
    strongest = pair.ratings.reduce((most, { value }) => Math.max(most, Math.abs(value)), strongest);
  }
  const answers = isGraded ? Array.from({ length: 2 * strongest + 1 }, (_, i) => i - strongest) : THREE_WAY;
  const onScale = (value: number) => (isGraded ? value : Math.sign(value));
  const { patterns, patternOf } = patternsOf(shared, onScale);
  const figuresOf = (weights: Float64Array): Record<string, Defined> => {
    const counts = new Float64Array(patterns.length);
    for (const [cluster, pattern] of patternOf.entries()) {
      counts[pattern] = (counts[pattern] as number) + (weights[cluster] as number);
    }
    // which response of a pair comes first is chance, and what chance agreement is must not depend on it: half of each way round
    const units = patterns.flatMap((pattern, p) =>
      pattern.flatMap((values) => {
        const weight = (counts[p] as number) / 2;
        return [
          { values, weight },
          { values: values.map((value) => -value), weight },
        ];
      }),
    );
    const signs = units.map(({ values, weight }) => ({ values: values.map(Math.sign), weight }));
    return {
      percent: pairwise(signs, () => true),
      decided: pairwise(signs, (a, b) => a !== 0 && b !== 0),
      nominal: krippendorffAlpha(units, 'nominal'),
      ordinal: krippendorffAlpha(units, 'ordinal'),
      interval: krippendorffAlpha(units, 'interval'),
      threeWay: krippendorffAlpha(signs, 'nominal'),
      ac1: gwetAc(units, { categories: answers, weights: 'identity' }),
      ac2: gwetAc(units, { categories: answers, weights: 'ordinal' }),
      ceiling: leaveOneOut(signs),
    };
  };
  const names = ['percent', 'decided', 'nominal', 'ordinal', 'interval', 'threeWay', 'ac1', 'ac2', 'ceiling'];
  const figures: Record<string, Figure> =
    patternOf.length === 0
      ? Object.fromEntries(names.map((name) => [name, { undefined: 'nothing was judged by two people' }]))
      : bootstrap(patternOf.length, figuresOf, { rng: createRng(SEED, 'agreement') });
  const of = (name: string) => figures[name] as Figure;
  return {
    scale: { kind: isGraded ? 'strength' : 'side', answers },
    percent: of('percent'),
    decided: of('decided'),
    alpha: { nominal: of('nominal'), ordinal: of('ordinal'), interval: of('interval') },
    alphaThreeWay: of('threeWay'),
    ac1: of('ac1'),
    ac2: of('ac2'),
    ceiling: of('ceiling'),
    pairs: { value: numPairs, judgedTwice: shared.length },
    annotators: { value: annotators.size },
    byPerson: byPerson(shared),
    disputed: mostDisputed(shared),
  };
}

/** Clusters by what was said in them, since many say the same: of each kind one, and which kind every cluster is. */
function patternsOf(
  shared: readonly RatedPair[],
  onScale: (value: number) => number,
): { patterns: number[][][]; patternOf: number[] } {
  const clusters = new Map<string, RatedPair[]>();
  for (const pair of shared) {
    const known = clusters.get(pair.cluster);
    if (known) known.push(pair);
    else clusters.set(pair.cluster, [pair]);
  }
  const known = new Map<string, number>();
  const patterns: number[][][] = [];
  const patternOf = [...clusters.values()].map((pairs) => {
    const values = pairs.map(({ ratings }) =>
      ratings.map(({ value }) => onScale(value)).sort((a, b) => a - b),
    );
    const key = JSON.stringify(values);
    const pattern = known.get(key) ?? patterns.push(values) - 1;
    known.set(key, pattern);
    return pattern;
  });
  return { patterns, patternOf };
}

/** Share of pairs of people who said the same, of those that count; each unit counts once, however many judged it. */
function pairwise(units: readonly RatedUnit[], counts: (a: number, b: number) => boolean): Defined {
  let [same, of] = [0, 0];
  for (const { values, weight } of units) {
    let [sameHere, ofHere] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      for (let j = i + 1; j < values.length; j++) {
        const [a, b] = [values[i] as number, values[j] as number];
        if (!counts(a, b)) continue;
        ofHere++;
        if (a === b) sameHere++;
      }
    }
    if (ofHere === 0) continue;
    same += (weight * sameHere) / ofHere;
    of += weight;
  }
  return of === 0 ? { undefined: 'nothing was decided by two people' } : { value: same / of };
}

/** Share of decided answers that are those of most others, half where these are split; each unit counts once. */
function leaveOneOut(units: readonly RatedUnit[]): Defined {
  let [agreed, of] = [0, 0];
  for (const { values, weight } of units) {
    const decided = values.filter((value) => value !== 0);
    if (decided.length < 2) continue;
    const sum = decided.reduce((a, b) => a + b, 0);
    const alike = decided.map((value) => (1 + Math.sign((sum - value) * value)) / 2);
    agreed += (weight * alike.reduce((a, b) => a + b, 0)) / decided.length;
    of += weight;
  }
  return of === 0 ? { undefined: 'nothing was decided by two people' } : { value: agreed / of };
}

/** How often each person's decided answers are those of most others who decided; most judgments first. */
function byPerson(shared: readonly RatedPair[]): Agreement['byPerson'] {
  const people = new Map<string, { agreed: number; of: number }>();
  for (const { ratings } of shared) {
    const decided = ratings.filter(({ value }) => value !== 0);
    if (decided.length < 2) continue;
    const sum = decided.reduce((total, { value }) => total + Math.sign(value), 0);
    for (const { rater, value } of decided) {
      const { agreed, of } = people.get(rater) ?? { agreed: 0, of: 0 };
      const alike = (1 + Math.sign((sum - Math.sign(value)) * value)) / 2;
      people.set(rater, { agreed: agreed + alike, of: of + 1 });
    }
  }
  return [...people]
    .map(([rater, { agreed, of }]) => ({ rater, agreed, of, ...wilsonInterval(agreed, of) }))
    .sort((a, b) => b.of - a.of);
}

/** Pairs with the widest gap between two people first. */
function mostDisputed(shared: readonly RatedPair[]): Agreement['disputed'] {
  const gapOf = ({ ratings }: RatedPair) => {
    const values = ratings.map(({ value }) => value);
    return Math.max(...values) - Math.min(...values);
  };
  return shared
    .filter(({ ratings }) => new Set(ratings.map(({ value }) => Math.sign(value))).size > 1)
    .sort((a, b) => gapOf(b) - gapOf(a))
    .slice(0, MOST_DISPUTED)
    .map(({ ratings }) => ({
      taskIds: [...new Set(ratings.map(({ taskId }) => taskId))],
      values: ratings.map(({ value }) => value),
    }));
}
