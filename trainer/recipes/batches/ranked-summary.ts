import { fitBagOfWords } from '../../math/bag-of-words.ts';
import { type RankedAccuracy, rankedAccuracy } from './ranked-accuracy.ts';
import type { RankedCounts, RankedRow } from './ranked-rows.ts';

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
  { maxLength }: { maxLength: number },
): string[] {
  const sum = (key: keyof RankedCounts) => train[key] + heldOut[key];
  const all: [keyof RankedCounts, string][] = [
    ['promptsCut', `examples are longer than maxLength ${maxLength}: the start of the prompt is cut`],
    ['responsesCut', `examples have a response longer than maxLength ${maxLength}: its end is cut`],
    ['dropped', `examples are longer than maxLength ${maxLength} and left out`],
    ['withoutPairs', 'examples have no pair to learn from and are left out'],
    [
      'identicalPairs',
      `pairs are the same tokens on both sides, cut to maxLength ${maxLength}, and are left out`,
    ],
  ];
  return all.filter(([key]) => sum(key) > 0).map(([key, text]) => `${sum(key)} ${text}`);
}
