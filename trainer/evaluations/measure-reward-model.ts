import { nearDuplicateClusters } from '../../lib/near-duplicate-clusters.ts';
import { type JudgedPair, type RewardReport, rewardReport } from '../../lib/statistics/reward-report.ts';
import type { DescribedExample } from '../data/types.ts';
import { fitBagOfWords } from '../math/bag-of-words.ts';
import { rankedPairs } from '../math/ranked-pairs.ts';
import { isRewardModel } from '../model/config.ts';
import { loadModelConfig, loadPretrained } from '../model/files/load-pretrained.ts';
import { disposeParams } from '../model/params.ts';
import { type RankedCounts, rankedRows } from '../recipes/batches/ranked-rows.ts';
import { createScorer } from '../recipes/rollouts/create-scorer.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { lengthSlice, slicesOf } from './slices-of.ts';

/** Tokenised at a time: what a report holds of the others is a few numbers each. */
const EXAMPLES_AT_ONCE = 256;

export type MeasuredRewardModel = RewardReport & {
  /** held-out examples that could not be measured as they are, by reason */
  leftOut: Pick<RankedCounts, 'promptsCut' | 'responsesCut' | 'withoutPairs' | 'identicalPairs'> & {
    refused: number;
  };
  trainExamples: number;
};

/**
 * The report of a reward model on all held-out examples. The bag of words is fitted to the training side; prompts that are nearly the same
 * are one cluster, and those with a near twin on the training side a slice of their own.
 *
 * @param maxLength tokens of prompt and answer; a longer prompt loses its start
 * @param onProgress told before each part; false stops it
 * @returns null when stopped
 * @throws Error where the folder holds no reward model, or no held-out example ranks one answer above another
 */
export async function measureRewardModel({
  rewardFolder,
  examples,
  maxLength,
  onProgress,
}: {
  rewardFolder: string;
  examples: readonly DescribedExample[];
  maxLength?: number;
  onProgress?: (done: number, total: number) => Promise<boolean>;
}): Promise<MeasuredRewardModel | null> {
  const config = loadModelConfig(rewardFolder);
  if (!isRewardModel(config))
    throw new Error(`${rewardFolder}: a ${config.architecture} gives no scores; expected a reward model`);
  const clusters = nearDuplicateClusters(examples.map(openingOf));
  const train = examples.filter(({ split }) => split === 'train');
  const heldOut = examples.flatMap((example, i) =>
    example.split === 'heldout' ? [{ example, cluster: clusters[i] as number }] : [],
  );
  const trainClusters = new Set(clusters.filter((_, i) => examples[i]?.split === 'train'));
  const hasTwins = heldOut.some(({ cluster }) => trainClusters.has(cluster));
  const wordScore =
    train.length === 0
      ? null
      : fitBagOfWords(
          train.map(({ responses, ranks }) => ({
            responses,
            pairs: rankedPairs(ranks, { useTies: true }),
          })),
        );
  const factsOf = slicesOf(heldOut.map(({ example }) => example));
  const leftOut = { promptsCut: 0, responsesCut: 0, withoutPairs: 0, identicalPairs: 0, refused: 0 };
  const pairs: JudgedPair[] = [];
  const tokenizer = loadTokenizer(rewardFolder);
  const { params } = loadPretrained(rewardFolder);
  try {
    const score = createScorer({ params, config, padTokenId: tokenizer.padTokenId });
    const byId = new Map(heldOut.map((known) => [known.example.id, known]));
    for (let from = 0; from < heldOut.length; from += EXAMPLES_AT_ONCE) {
      if (onProgress && !(await onProgress(from, heldOut.length))) return null;
      const part = heldOut.slice(from, from + EXAMPLES_AT_ONCE).map(({ example }) => example);
      const { rows, counts, refused } = rankedRows(part, {
        tokenizer,
        maxLength: Math.min(maxLength ?? config.maxPositions, config.maxPositions),
        tooLong: 'truncate-prompt',
        useTies: false,
      });
      for (const key of ['promptsCut', 'responsesCut', 'withoutPairs', 'identicalPairs'] as const)
        leftOut[key] += counts[key];
      leftOut.refused += refused.length;
      const scores = await score(rows.flatMap(({ sequences }) => sequences));
      let first = 0;
      for (const row of rows) {
        const { example, cluster } = byId.get(row.id) as (typeof heldOut)[number];
        const at = (i: number) => scores[first + i] as number;
        const words = wordScore === null ? null : row.responses.map(wordScore);
        const slices = factsOf(example);
        if (hasTwins) {
          const value = trainClusters.has(cluster) ? 'near a training prompt' : 'new';
          slices.push({ slice: 'prompt', value });
        }
        for (const { chosen, rejected, weight } of row.pairs) {
          const lengthOf = (i: number) => (row.responses[i] as string).length;
          const lengths = [lengthOf(chosen), lengthOf(rejected)] as const;
          pairs.push({
            ...{ id: row.id, cluster, weight, lengths },
            margin: at(chosen) - at(rejected),
            words: words === null ? null : (words[chosen] as number) - (words[rejected] as number),
            slices: [lengthSlice(lengths), ...slices],
          });
        }
        first += row.sequences.length;
      }
    }
  } finally {
    disposeParams(params);
  }
  if (pairs.length === 0)
    throw new Error(`none of ${heldOut.length} held-out examples ranks one answer above another`);
  return { ...rewardReport(pairs, { trainedAt: config.rewardGain }), leftOut, trainExamples: train.length };
}

/** What near-duplicates are told by: the first turn of the person, as the split (lib/formats/split-by-prompt.ts). */
function openingOf({ prompt }: DescribedExample): string {
  return (prompt.find(({ role }) => role === 'user') ?? prompt[0])?.content ?? '';
}
