import type { RankedExample } from '../data/types.ts';
import { loadModelConfig, loadPretrained } from '../model/files/load-pretrained.ts';
import { disposeParams } from '../model/params.ts';
import { rankedAccuracy } from '../recipes/batches/ranked-accuracy.ts';
import { rankedRows } from '../recipes/batches/ranked-rows.ts';
import { createScorer } from '../recipes/rollouts/create-scorer.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';

/**
 * How often a reward model orders examples as they were judged.
 *
 * @returns accuracy with low and high (95 % Wilson, n = examples), strict, margin, loss, examples, pairs (docs/metrics.md)
 * @throws Error when no example ranks one response above another
 */
export async function rewardAccuracy({
  rewardFolder,
  examples,
}: {
  rewardFolder: string;
  examples: readonly RankedExample[];
}): Promise<Record<string, number>> {
  const tokenizer = loadTokenizer(rewardFolder);
  const maxLength = loadModelConfig(rewardFolder).maxPositions;
  const { rows } = rankedRows(examples, { tokenizer, maxLength, tooLong: 'truncate-prompt', useTies: false });
  if (rows.length === 0)
    throw new Error(`none of ${examples.length} held-out judgments ranks one response above another`);
  const { params, config } = loadPretrained(rewardFolder);
  try {
    const score = createScorer({ params, config, padTokenId: tokenizer.padTokenId });
    const scores = await score(rows.flatMap(({ sequences }) => sequences));
    const { accuracy, low, high, strict, margin, loss, numExamples, numPairs } = rankedAccuracy(rows, scores);
    return { accuracy, low, high, strict, margin, loss, examples: numExamples, pairs: numPairs };
  } finally {
    disposeParams(params);
  }
}
