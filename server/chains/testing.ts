import { type ChainStep, type ChainStepInput, chainSchema } from './schemas.ts';

export const TINY_REWARD = { batchSize: 8, maxLength: 64, normalizeOn: 4 };
export const TINY_PPO = {
  totalEpisodes: 8,
  rolloutBatchSize: 4,
  numPpoEpochs: 1,
  responseLength: 8,
  sampleEvery: 1,
};

/** Snapshot, reward model, PPO at the smallest size, from one model. */
export function rewardThenPpo(modelId: string): ChainStep[] {
  const model = { from: 'model' as const, modelId };
  return steps([
    { kind: 'snapshot', key: 'snapshot' },
    {
      ...{ kind: 'train', key: 'reward', recipe: 'reward', config: TINY_REWARD, model },
      snapshot: { from: 'step', step: 'snapshot' },
    },
    {
      ...{ kind: 'train', key: 'ppo', recipe: 'ppo', config: TINY_PPO, model },
      rewardModel: { from: 'step', step: 'reward' },
    },
  ]);
}

/** A list as the page would send it. */
export function steps(list: ChainStepInput[]): ChainStep[] {
  return chainSchema.parse(list);
}
