/** Shapes: P prompts, D draws for each. */

import { createRng } from '../../lib/rng.ts';
import type { PromptExample } from '../../trainer/data/types.ts';
import { createGenerator } from '../../trainer/generate.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { createScorer } from '../../trainer/recipes/rollouts/create-scorer.ts';
import { createCompletionReader } from '../../trainer/recipes/rollouts/read-completions.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { stopIds, withoutStop } from '../../trainer/tokenizer/stop-ids.ts';
import { trueReward } from '../../trainer/toy-world/true-reward.ts';

const ROWS_AT_ONCE = 64;

/** One sampled answer, as tokens (its stop token included) and as text. */
export type Draw = { promptIds: number[]; responseIds: number[]; response: string; truth: number };

/** `draws` answers to each toy prompt, at temperature 1, prompt after prompt: [P][D]. */
export async function drawAnswers(
  modelFolder: string,
  prompts: readonly PromptExample[],
  { draws, seed, maxNewTokens = 32 }: { draws: number; seed: number; maxNewTokens?: number },
): Promise<Draw[][]> {
  const tokenizer = loadTokenizer(modelFolder);
  const { params, config, generationConfig } = loadPretrained(modelFolder);
  const generator = createGenerator({ params, config });
  const rng = createRng(seed, 'draw-answers');
  const rows = prompts.flatMap(({ prompt }) => {
    const promptIds = tokenizer.encodeChat(prompt, { addGenerationPrompt: true });
    return Array.from({ length: draws }, () => ({ prompt, promptIds }));
  });
  const drawn: Draw[] = [];
  try {
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      const part = rows.slice(from, from + ROWS_AT_ONCE);
      const { responses, ended } = await generator.generate({
        promptIds: part.map(({ promptIds }) => promptIds),
        ...{ maxNewTokens, temperature: 1, rng },
        eosTokenIds: stopIds(tokenizer, generationConfig),
        padTokenId: tokenizer.padTokenId,
      });
      part.forEach(({ prompt, promptIds }, i) => {
        const responseIds = responses[i] as number[];
        const response = tokenizer.decode(withoutStop(responseIds, ended[i] as boolean)).trim();
        drawn.push({ promptIds, responseIds, response, truth: trueReward(prompt, response).total });
      });
    }
  } finally {
    generator.dispose();
    disposeParams(params);
  }
  return prompts.map((_, p) => drawn.slice(p * draws, (p + 1) * draws));
}

/** log pi of each answer under a model, summed over its tokens; prompt after prompt, [P * D]. */
export async function logProbsOf(
  modelFolder: string,
  drawn: readonly (readonly Draw[])[],
): Promise<Float32Array> {
  const { params, config } = loadPretrained(modelFolder);
  try {
    const { padTokenId } = loadTokenizer(modelFolder);
    return (await createCompletionReader({ params, config, padTokenId }).read(drawn.flat())).logProbsS;
  } finally {
    disposeParams(params);
  }
}

/** Scores of a reward model, prompt after prompt, [P * D]. */
export async function scoresOf(
  rewardFolder: string,
  drawn: readonly (readonly Draw[])[],
): Promise<Float32Array> {
  const { params, config } = loadPretrained(rewardFolder);
  try {
    const score = createScorer({ params, config, padTokenId: loadTokenizer(rewardFolder).padTokenId });
    return await score(drawn.flat().map(({ promptIds, responseIds }) => [...promptIds, ...responseIds]));
  } finally {
    disposeParams(params);
  }
}

/**
 * KL(policy || reference) in nats per answer: the mean over the policy's own draws of log pi - log pi_ref, unbiased, over all
 * answers cut where the draws are.
 */
export async function klOfDraws(
  policyFolder: string,
  referenceFolder: string,
  drawn: readonly (readonly Draw[])[],
): Promise<number> {
  const policy = await logProbsOf(policyFolder, drawn);
  const reference = await logProbsOf(referenceFolder, drawn);
  return policy.reduce((sum, value, i) => sum + value - (reference[i] as number), 0) / policy.length;
}
