import type { Rng } from '../../../lib/rng.ts';
import type { PpoConfig } from '../../config/ppo.ts';
import type { Message } from '../../data/types.ts';
import type { Generator } from '../../generate.ts';
import { finalScore } from '../../math/missing-eos.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { withoutStop } from '../../tokenizer/stop-ids.ts';

export type Prompt = { id: string; prompt: Message[]; ids: number[] };

/** A policy with what it needs to speak. */
export type Speaker = {
  generator: Generator;
  tokenizer: Tokenizer;
  eosTokenIds: readonly number[];
};

/** What responses are measured by. */
export type Judge = {
  score: (responses: readonly Response[]) => Promise<number[]>;
  trueReward: ((prompt: Message[], response: string) => number) | null;
  config: Pick<PpoConfig, 'missingEosScore' | 'scoreClip'>;
};

/** One sampled response. */
export type Response = {
  id: string;
  prompt: Message[];
  promptIds: readonly number[];
  /** the stop token included where one was drawn */
  responseIds: readonly number[];
  /** log-probability of each when it was drawn */
  sampledLogProbs: readonly number[];
  ended: boolean;
  text: string;
};

/** A response with what it is worth. */
export type Judged = Response & {
  /** as the reward model or function gave it */
  score: number;
  /** after the missing-EOS rule and clipping */
  finalScore: number;
  trueReward: number | null;
};

/** Samples one response to each prompt; temperature 0 is greedy. */
export async function respond(
  speaker: Speaker,
  prompts: readonly Prompt[],
  sampling: { rng: Rng; temperature: number; maxNewTokens: number },
): Promise<Response[]> {
  const { generator, tokenizer, eosTokenIds } = speaker;
  const { responses, logProbs, ended } = await generator.generate({
    promptIds: prompts.map(({ ids }) => ids),
    eosTokenIds,
    padTokenId: tokenizer.padTokenId,
    ...sampling,
  });
  return prompts.map(({ id, prompt, ids }, i) => {
    const responseIds = responses[i] as number[];
    return {
      id,
      prompt,
      promptIds: ids,
      responseIds,
      sampledLogProbs: logProbs[i] as number[],
      ended: ended[i] as boolean,
      text: tokenizer.decode(withoutStop(responseIds, ended[i] as boolean)),
    };
  });
}

/** Scores responses and applies the missing-EOS rule and the clip (training.md P6, P12). */
export async function judge(responses: readonly Response[], by: Judge): Promise<Judged[]> {
  const { missingEosScore, scoreClip } = by.config;
  const scores = await by.score(responses);
  return responses.map((response, i) => {
    const { ended, prompt, text } = response;
    const score = scores[i] as number;
    return {
      ...response,
      score,
      finalScore: finalScore({ score, ended, missingEosScore, clip: scoreClip }),
      trueReward: by.trueReward ? by.trueReward(prompt, text) : null,
    };
  });
}

/** Largest difference between log-probabilities at sampling and those of a forward pass (verl rollout_probs_diff). */
export function largestSamplingGap(
  responses: readonly Response[],
  { logProbsM, responseWidth }: { logProbsM: ArrayLike<number>; responseWidth: number },
): number {
  let gap = 0;
  responses.forEach(({ sampledLogProbs }, b) => {
    sampledLogProbs.forEach((sampled, t) => {
      gap = Math.max(gap, Math.abs(sampled - (logProbsM[b * responseWidth + t] as number)));
    });
  });
  return gap;
}
