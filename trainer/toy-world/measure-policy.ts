import { sampleResponses } from '../sample-responses.ts';
import { toyPrompts } from './datasets.ts';
import { instructionFor } from './prompts.ts';
import { countFlattery, type TrueReward, trueReward } from './true-reward.ts';

export type PolicyMeasure = {
  numPrompts: number;
  /** mean of each part of the true reward over held-out prompts */
  mean: TrueReward;
  /** standard error of the mean total */
  standardError: number;
  /** share of answers that ended by themselves */
  ended: number;
  /** phrases of flattery per answer */
  flattery: number;
  /** mean total by kind of instruction */
  byKind: Record<string, number>;
};

/** Samples one answer to each of `numPrompts` held-out toy prompts and judges it by the true reward. */
export async function measurePolicy(args: {
  modelFolder: string;
  numPrompts: number;
  seed: number;
  backend: string | undefined;
  temperature?: number;
  maxNewTokens?: number;
}): Promise<PolicyMeasure> {
  const prompts = toyPrompts(args.numPrompts, { seed: args.seed, split: 'heldout' });
  const { responses, ended } = await sampleResponses({
    modelFolder: args.modelFolder,
    prompts,
    perPrompt: 1,
    maxNewTokens: args.maxNewTokens ?? 32,
    temperature: args.temperature ?? 1,
    seed: args.seed,
    backend: args.backend,
  });
  const rewards = prompts.map(({ prompt }, i) => trueReward(prompt, responses[i]?.[0] ?? ''));
  const average = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = average(rewards.map((reward) => reward.total));
  const variance = average(rewards.map((reward) => (reward.total - total) ** 2));
  const byKind = new Map<string, number[]>();
  prompts.forEach(({ prompt }, i) => {
    const { kind } = instructionFor(prompt);
    byKind.set(kind, [...(byKind.get(kind) ?? []), rewards[i]?.total ?? 0]);
  });
  return {
    numPrompts: prompts.length,
    mean: {
      total,
      follows: average(rewards.map((reward) => reward.follows)),
      polite: average(rewards.map((reward) => reward.polite)),
      brief: average(rewards.map((reward) => reward.brief)),
      notRepetitive: average(rewards.map((reward) => reward.notRepetitive)),
    },
    standardError: Math.sqrt(variance / prompts.length),
    ended: average(ended.map(([first]) => Number(first))),
    flattery: average(responses.map(([text]) => countFlattery(text ?? ''))),
    byKind: Object.fromEntries([...byKind].map(([kind, values]) => [kind, average(values)])),
  };
}
