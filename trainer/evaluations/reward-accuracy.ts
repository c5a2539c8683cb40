import { meanInterval } from '../../lib/statistics/mean-interval.ts';
import type { RankedExample } from '../data/types.ts';
import { loadModelConfig, loadPretrained } from '../model/files/load-pretrained.ts';
import { disposeParams } from '../model/params.ts';
import { type RankedAccuracy, rankedAccuracy } from '../recipes/batches/ranked-accuracy.ts';
import { rankedRows } from '../recipes/batches/ranked-rows.ts';
import { createScorer } from '../recipes/rollouts/create-scorer.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';

/**
 * How often a reward model orders examples as they were judged, and how much more often than another one does, both on the same
 * examples: the interval of the gain is that of the mean of the differences by example.
 *
 * @returns accuracy with low and high (95 % Wilson, n = examples), strict, margin, loss, examples, pairs; with a baseline also
 *   baselineAccuracy, gain, gainLow, gainHigh (docs/metrics.md)
 * @throws Error when no example ranks one response above another, or the two models cut the examples differently
 */
export async function rewardAccuracy({
  rewardFolder,
  baselineFolder = null,
  examples,
}: {
  rewardFolder: string;
  baselineFolder?: string | null;
  examples: readonly RankedExample[];
}): Promise<Record<string, number>> {
  const measured = await measure(rewardFolder, examples);
  const { accuracy, low, high, strict, margin, loss, numExamples, numPairs, shares } = measured;
  const figures = { accuracy, low, high, strict, margin, loss, examples: numExamples, pairs: numPairs };
  if (baselineFolder === null) return figures;
  const baseline = await measure(baselineFolder, examples);
  if (baseline.shares.length !== shares.length)
    throw new Error(`the models compare ${shares.length} and ${baseline.shares.length} examples`);
  const { mean, bounds } = meanInterval(shares.map((share, i) => share - (baseline.shares[i] as number)));
  return {
    ...figures,
    ...{ baselineAccuracy: baseline.accuracy, gain: mean },
    ...(bounds && { gainLow: bounds.low, gainHigh: bounds.high }),
  };
}

async function measure(rewardFolder: string, examples: readonly RankedExample[]): Promise<RankedAccuracy> {
  const tokenizer = loadTokenizer(rewardFolder);
  const maxLength = loadModelConfig(rewardFolder).maxPositions;
  const { rows } = rankedRows(examples, { tokenizer, maxLength, tooLong: 'truncate-prompt', useTies: false });
  if (rows.length === 0)
    throw new Error(`none of ${examples.length} held-out judgments ranks one response above another`);
  const { params, config } = loadPretrained(rewardFolder);
  try {
    const score = createScorer({ params, config, padTokenId: tokenizer.padTokenId });
    return rankedAccuracy(rows, await score(rows.flatMap(({ sequences }) => sequences)));
  } finally {
    disposeParams(params);
  }
}
