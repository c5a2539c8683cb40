/** Figures of a reward run under TRL's names (docs/metrics.md). Shapes: M responses of all prompts of a step. */
import type { RewardConfig } from '../../config/reward.ts';
import { fitBagOfWords } from '../../math/bag-of-words.ts';
import type { RankedCounts, RankedRow } from '../batches/ranked-rows.ts';
import { type RankedAccuracy, rankedAccuracy } from './ranked-accuracy.ts';

/** What the scores of a step's responses say, measured before its update. */
export function batchFigures(rows: readonly RankedRow[], scoresM: Float32Array): Record<string, number> {
  const { accuracy, strict, margin, meanScore } = rankedAccuracy(rows, scoresM);
  return {
    // Ties only: there is no pair to be right about, and no number is better than a made-up one.
    ...(Number.isNaN(accuracy) ? {} : { accuracy, accuracy_strict: strict, margin }),
    mean_reward: meanScore,
    min_reward: scoresM.reduce((a, b) => Math.min(a, b)),
    max_reward: scoresM.reduce((a, b) => Math.max(a, b)),
  };
}

/** Figures of the held-out rows. */
export function evaluationFigures(measured: RankedAccuracy): Record<string, number> {
  const { loss, accuracy, strict, margin, meanScore, stdScore } = measured;
  const metrics = {
    eval_loss: loss,
    eval_accuracy: accuracy,
    eval_accuracy_strict: strict,
    eval_margin: margin,
    eval_mean_reward: meanScore,
    eval_std_reward: stdScore,
  };
  // held-out rows that are all ties have no accuracy
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => !Number.isNaN(value)));
}

/**
 * Held-out accuracy with its interval for the summary, beside what length alone and words alone would give on the same pairs;
 * nothing where there is no decided pair.
 */
export function heldOutSummary(
  measured: RankedAccuracy,
  { train, heldOut }: Record<'train' | 'heldOut', readonly RankedRow[]>,
): Record<string, number> {
  const { accuracy, strict, low, high, loss, numExamples, numPairs } = measured;
  if (numPairs === 0) return {};
  const accuracyOf = (scoreText: (response: string) => number) => {
    const scores = heldOut.flatMap(({ responses }) => responses.map(scoreText));
    return rankedAccuracy(heldOut, Float32Array.from(scores)).accuracy;
  };
  return {
    heldOutAccuracy: accuracy,
    low,
    high,
    heldOutStrict: strict,
    heldOutLoss: loss,
    examples: numExamples,
    pairs: numPairs,
    longerWins: accuracyOf((response) => response.length),
    bagOfWords: accuracyOf(fitBagOfWords(train)),
  };
}

/** What became of examples that could not be used as they are, in words. */
export function notices(
  train: RankedCounts,
  heldOut: RankedCounts,
  { maxLength }: Pick<RewardConfig, 'maxLength'>,
): string[] {
  const sum = (key: keyof RankedCounts) => train[key] + heldOut[key];
  const all: [keyof RankedCounts, string][] = [
    ['promptsCut', `examples are longer than maxLength ${maxLength}: the start of the prompt is cut`],
    ['responsesCut', `examples have a response longer than maxLength ${maxLength}: its end is cut`],
    ['dropped', `examples are longer than maxLength ${maxLength} and left out`],
    ['withoutPairs', 'examples have no pair to learn from and are left out'],
  ];
  return all.filter(([key]) => sum(key) > 0).map(([key, text]) => `${sum(key)} ${text}`);
}
