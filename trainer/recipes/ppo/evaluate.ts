import { createRng } from '../../../lib/rng.ts';
import type { PpoConfig } from '../../config/ppo.ts';
import { k1, k3 } from '../../math/kl.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import { type EpisodeInputs, episodeBatch } from '../rollouts/episode-batch.ts';
import { type Judge, type Judged, judge, type Prompt, respond, type Speaker } from '../rollouts/respond.ts';

/** Rows per pass of generation and of the reference's forward pass. */
const ROWS_PER_PASS = 64;

/**
 * One sampled and one greedy response to each prompt. The draws are the same at every call, so that evaluations of one run
 * differ by the policy alone; the random streams of training are not touched.
 *
 * @param reference gives log pi_ref of laid-out episodes
 * @returns figures named in docs/metrics.md
 */
export async function evaluatePolicy(args: {
  speaker: Speaker;
  prompts: readonly Prompt[];
  reference: (inputs: EpisodeInputs) => Promise<Record<'logProbsM', HostTensor>>;
  judge: Judge;
  config: PpoConfig;
}): Promise<Record<string, number>> {
  const { speaker, prompts, config } = args;
  const { temperature, responseLength: maxNewTokens } = config;
  const rng = createRng(config.runtime.seed, 'eval');
  const sampled: Judged[] = [];
  const greedy: Judged[] = [];
  const kl = { k1: 0, k3: 0 };
  for (let from = 0; from < prompts.length; from += ROWS_PER_PASS) {
    const part = prompts.slice(from, from + ROWS_PER_PASS);
    const responses = await respond(speaker, part, { rng, temperature, maxNewTokens });
    const { inputs, responseWidth } = episodeBatch(responses, { padTokenId: speaker.tokenizer.padTokenId });
    const { logProbsM } = await args.reference(inputs);
    responses.forEach(({ sampledLogProbs }, b) => {
      sampledLogProbs.forEach((logProb, t) => {
        const refLogProb = logProbsM.data[b * responseWidth + t] as number;
        kl.k1 += k1(logProb, refLogProb) / prompts.length;
        kl.k3 += k3(logProb, refLogProb) / prompts.length;
      });
    });
    sampled.push(...(await judge(responses, args.judge)));
    const likeliest = await respond(speaker, part, { rng, temperature: 0, maxNewTokens });
    greedy.push(...(await judge(likeliest, args.judge)));
  }
  const mean = (of: Judged[], value: (r: Judged) => number) =>
    of.reduce((sum, r) => sum + value(r), 0) / of.length;
  const truth = {
    'eval/true_reward': mean(sampled, (r) => r.trueReward ?? Number.NaN),
    'eval/true_reward_greedy': mean(greedy, (r) => r.trueReward ?? Number.NaN),
  };
  return {
    'eval/proxy_reward': mean(sampled, (r) => r.finalScore),
    'eval/proxy_reward_greedy': mean(greedy, (r) => r.finalScore),
    ...(args.judge.trueReward ? truth : {}),
    'eval/kl': kl.k1,
    'eval/kl_k3': kl.k3,
    'eval/responses_len': mean(sampled, (r) => r.responseIds.length),
    'eval/ended': mean(sampled, (r) => (r.ended ? 1 : 0)),
  };
}

/** Summary of two evaluations: `eval/true_reward` becomes trueRewardBefore and trueRewardAfter, and so on. */
export function beforeAndAfter(
  before: Record<string, number>,
  after: Record<string, number>,
): Record<string, number> {
  const names = {
    'eval/true_reward': 'trueReward',
    'eval/true_reward_greedy': 'trueRewardGreedy',
    'eval/proxy_reward': 'proxyReward',
    'eval/proxy_reward_greedy': 'proxyRewardGreedy',
    'eval/responses_len': 'responseLength',
  };
  const summary: Record<string, number> = {};
  for (const [metric, name] of Object.entries(names)) {
    const [first, last] = [before[metric], after[metric]];
    if (first !== undefined) summary[`${name}Before`] = first;
    if (last !== undefined) summary[`${name}After`] = last;
  }
  return summary;
}
