/** Configs that fit the tiny world: each run has ten steps. */
import { dpoSchema } from '../../trainer/config/dpo.ts';
import { ktoSchema } from '../../trainer/config/kto.ts';
import { loraSchema } from '../../trainer/config/lora.ts';
import { ppoSchema } from '../../trainer/config/ppo.ts';
import { pretrainSchema } from '../../trainer/config/pretrain.ts';
import { rewardSchema } from '../../trainer/config/reward.ts';
import { sftSchema } from '../../trainer/config/sft.ts';

const rate = { learningRate: 3e-3, schedule: 'cosine', warmupRatio: 0.03, epsilon: 1e-8 } as const;
const runtime = { evalEvery: 5, checkpointEvery: 5 };

export const tinyPretrain = pretrainSchema.parse({
  model: {
    hiddenSize: 16,
    numLayers: 2,
    numHeads: 2,
    numKvHeads: 1,
    intermediateSize: 24,
    maxPositions: 64,
  },
  vocabSize: 300,
  sequenceLength: 16,
  batchSize: 8,
  steps: 10,
  optimizer: { learningRate: 1e-2, weightDecay: 0.1 },
  runtime,
});

export const tinyLora = loraSchema.parse({ rank: 3, alpha: 12, targetModules: 'attention' });

/** 7 training rows, 4 a step: passes end in the middle of a batch. */
export const tinySft = sftSchema.parse({
  maxLength: 60,
  batchSize: 4,
  epochs: 40 / 7,
  optimizer: { learningRate: 1e-2 },
  runtime,
});

/** 20 training rows, 4 a step. */
export const tinyReward = rewardSchema.parse({
  maxLength: 64,
  batchSize: 4,
  epochs: 2,
  normalizeOn: 16,
  optimizer: { learningRate: 5e-3 },
  runtime,
});

export const tinyPpo = ppoSchema.parse({
  totalEpisodes: 80,
  rolloutBatchSize: 8,
  numMinibatches: 2,
  numPpoEpochs: 2,
  responseLength: 12,
  temperature: 0.9,
  kl: { controller: 'adaptive', target: 1, horizon: 100 },
  policyOptimizer: rate,
  criticOptimizer: rate,
  runtime,
});

/** 20 training rows, 4 a step. */
export const tinyDpo = dpoSchema.parse({
  maxLength: 64,
  batchSize: 4,
  epochs: 2,
  optimizer: { learningRate: 5e-3 },
  runtime,
});

/** 40 training rows, 8 a step. */
export const tinyKto = ktoSchema.parse({
  maxLength: 64,
  batchSize: 8,
  epochs: 2,
  optimizer: { learningRate: 5e-3 },
  runtime,
});
