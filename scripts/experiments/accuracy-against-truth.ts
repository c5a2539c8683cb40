import { wilsonInterval } from '../../lib/statistics/wilson.ts';
import type { RankedExample } from '../../trainer/data/types.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { createScorer } from '../../trainer/recipes/rollouts/create-scorer.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { trueReward } from '../../trainer/toy-world/true-reward.ts';

/**
 * How often a reward model orders two answers as the true reward does, over all pairs that the truth tells apart. The
 * interval is Wilson's over pairs; pairs of one prompt are not independent, so it is a little too narrow.
 */
export async function accuracyAgainstTruth({
  rewardFolder,
  examples,
}: {
  rewardFolder: string;
  examples: readonly RankedExample[];
}): Promise<{
  accuracy: number;
  low: number;
  high: number;
  pairs: number;
}> {
  const tokenizer = loadTokenizer(rewardFolder);
  const { params, config } = loadPretrained(rewardFolder);
  try {
    const score = createScorer({ params, config, padTokenId: tokenizer.padTokenId });
    let right = 0;
    let pairs = 0;
    for (const { prompt, responses } of examples) {
      const promptIds = tokenizer.encodeChat(prompt, { addGenerationPrompt: true });
      const scores = await score(
        responses.map((text) => [...promptIds, ...tokenizer.encode(text), tokenizer.eosTokenId]),
      );
      const truth = responses.map((text) => trueReward(prompt, text).total);
      for (let i = 0; i < responses.length; i++) {
        for (let j = 0; j < i; j++) {
          const actual = (truth[i] ?? 0) - (truth[j] ?? 0);
          if (Math.abs(actual) < 1e-9) continue;
          pairs++;
          if ((scores[i] ?? 0) - (scores[j] ?? 0) > 0 === actual > 0) right++;
        }
      }
    }
    return { accuracy: right / pairs, ...wilsonInterval(right, pairs), pairs };
  } finally {
    disposeParams(params);
  }
}
