/** How far a judge's probabilities are what they say, and the one number that mends them. */
import type { Defined } from './rated-unit.ts';
import { wilsonInterval } from './wilson.ts';

/** Of a decided pair: by how much the better side scores higher, and how much the pair counts. */
export type WeightedMargin = { margin: number; weight: number };

/** Pairs of like confidence. */
export type ReliabilityBin = {
  /** sum of weights */
  count: number;
  /** mean probability of the side that is preferred, 0.5 to 1 */
  confidence: number;
  /** how often that side is the better one, with its 95 % Wilson interval */
  accuracy: number;
  low: number;
  high: number;
};

export const MOST_BINS = 10;
/** Fewer pairs say nothing of a bin. */
const LEAST_PER_BIN = 10;
const HALVINGS = 200;

/**
 * The temperature T at which sigma(margin / T) is likeliest: minimises the sum of weight * softplus(-margin / T) (C. Guo et al. 2017,
 * "On Calibration of Modern Neural Networks", 4.2; Platt's scaling without the constant, since swapping both sides must not matter). The
 * sum is convex in 1 / T, whose zero of the slope is found by halving.
 * @returns undefined where no T is the best: nothing is ordered wrongly (T would go to 0), or the margins say less than nothing (to infinity)
 */
export function fitTemperature(pairs: readonly WeightedMargin[]): Defined {
  if (pairs.length === 0) return { undefined: 'there are no pairs' };
  const slopeAt = (inverse: number) =>
    pairs.reduce((sum, { margin, weight }) => sum - weight * margin * sigmoid(-inverse * margin), 0);
  if (!pairs.some(({ margin }) => margin < 0)) return { undefined: 'no pair is ordered wrongly' };
  if (slopeAt(0) >= 0) return { undefined: 'scores order pairs no better than chance' };
  let high = 1 / Math.sqrt(pairs.reduce((sum, { margin }) => sum + margin * margin, 0) / pairs.length);
  while (slopeAt(high) < 0) high *= 2;
  let low = 0;
  for (let i = 0; i < HALVINGS && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (slopeAt(middle) < 0) low = middle;
    else high = middle;
  }
  return { value: 1 / high };
}

/**
 * Reliability in bins of equal weight, by rising confidence; the side that scores higher is the one preferred, equal scores are half right.
 * @param pairs margin over temperature already: the probability of the better side is sigma(margin)
 */
export function reliability(pairs: readonly WeightedMargin[]): ReliabilityBin[] {
  const sorted = [...pairs].sort((a, b) => Math.abs(a.margin) - Math.abs(b.margin));
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const numBins = Math.max(1, Math.min(MOST_BINS, Math.floor(total / LEAST_PER_BIN)));
  const bins = Array.from({ length: numBins }, () => ({ count: 0, confidence: 0, right: 0 }));
  let before = 0;
  for (const { margin, weight } of sorted) {
    const place = Math.min(numBins - 1, Math.floor(((before + weight / 2) / total) * numBins));
    const bin = bins[place] as (typeof bins)[number];
    bin.count += weight;
    bin.confidence += weight * sigmoid(Math.abs(margin));
    bin.right += weight * rightShare(margin);
    before += weight;
  }
  return bins
    .filter(({ count }) => count > 0)
    .map(({ count, confidence, right }) => ({
      count,
      confidence: confidence / count,
      accuracy: right / count,
      ...wilsonInterval(Math.min(right, Math.max(1, count)), Math.max(1, count)),
    }));
}

/** Expected calibration error: mean over bins, by their weight, of |accuracy - confidence| (Guo et al. 2017, Eq. 3; bins of equal weight). */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  return bins.reduce(
    (sum, { count, accuracy, confidence }) => sum + (count / total) * Math.abs(accuracy - confidence),
    0,
  );
}

/** 1 for the right order, half for none. */
export function rightShare(margin: number): number {
  return margin > 0 ? 1 : margin === 0 ? 0.5 : 0;
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
