import { wilsonInterval } from '../../../lib/statistics/wilson.ts';
import { countPairs, strictAccuracy, tiesHalfAccuracy } from '../../math/pair-accuracy.ts';
import type { RankedRow } from '../batches/ranked-rows.ts';

/** How well scores agree with rankings. NaN where there is no decided pair to measure on. */
export type RankedAccuracy = {
  /** mean over examples of the share of decided pairs ordered right, equal scores half */
  accuracy: number;
  /** the same with equal scores wrong, as TRL counts */
  strict: number;
  /**
   * 95 % Wilson interval of `accuracy` with n = examples, not pairs: the pairs of one ranking are not independent, and
   * counting them as if they were would make the interval too narrow
   */
  low: number;
  high: number;
  /** mean over examples of the mean over decided pairs of score(chosen) - score(rejected) */
  margin: number;
  /** mean over examples of the Bradley-Terry loss, ties included as target 0.5, no margin, no centring */
  loss: number;
  meanScore: number;
  stdScore: number;
  /** examples with at least one decided pair, and those pairs */
  numExamples: number;
  numPairs: number;
  /** what `accuracy` is the mean of, in the order of the examples: two models' are paired by place */
  shares: number[];
};

/**
 * @param scores one for each of the sequences of all rows, row after row
 */
export function rankedAccuracy(rows: readonly RankedRow[], scores: Float32Array): RankedAccuracy {
  const sums = { accuracy: 0, strict: 0, margin: 0, loss: 0 };
  const shares: number[] = [];
  let numExamples = 0;
  let numPairs = 0;
  let first = 0;
  for (const { sequences, pairs } of rows) {
    const at = (i: number) => scores[first + i] as number;
    for (const { chosen, rejected, target, weight } of pairs) {
      const difference = at(chosen) - at(rejected);
      sums.loss += weight * (target * softplus(-difference) + (1 - target) * softplus(difference));
    }
    const decided = pairs.filter(({ target }) => target !== 0.5);
    if (decided.length > 0) {
      const chosen = decided.map((pair) => at(pair.chosen));
      const rejected = decided.map((pair) => at(pair.rejected));
      const counts = countPairs(chosen, rejected);
      const share = tiesHalfAccuracy(counts);
      shares.push(share);
      sums.accuracy += share;
      sums.strict += strictAccuracy(counts);
      sums.margin += chosen.reduce((sum, c, i) => sum + c - (rejected[i] as number), 0) / decided.length;
      numExamples++;
      numPairs += decided.length;
    }
    first += sequences.length;
  }
  const accuracy = sums.accuracy / numExamples;
  const interval =
    numExamples > 0 ? wilsonInterval(sums.accuracy, numExamples) : { low: Number.NaN, high: Number.NaN };
  const meanScore = scores.reduce((a, b) => a + b, 0) / scores.length;
  return {
    accuracy,
    strict: sums.strict / numExamples,
    ...interval,
    margin: sums.margin / numExamples,
    loss: sums.loss / rows.length,
    meanScore,
    stdScore: Math.sqrt(scores.reduce((sum, s) => sum + (s - meanScore) ** 2, 0) / scores.length),
    numExamples,
    numPairs,
    shares,
  };
}

/** log(1 + e^x) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
