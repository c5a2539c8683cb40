import { z } from 'zod';
import { optimizerSchema, runtimeSchema } from './common.ts';
import type { RecipeDefinition } from './definition.ts';

/** PPO against a reward model with a KL penalty to the frozen SFT policy (training.md 2.2 and 2.3). */
export const ppoSchema = z
  .strictObject({
    totalEpisodes: z.number().int().positive().default(2048).describe('Prompts sampled over the whole run'),
    rolloutBatchSize: z.number().int().positive().default(64).describe('Episodes per rollout'),
    numMinibatches: z.number().int().positive().default(1).describe('Minibatches per rollout and epoch'),
    numPpoEpochs: z.number().int().positive().default(4).describe('Passes over each rollout'),
    responseLength: z.number().int().min(1).default(32).describe('Tokens generated for each prompt'),
    maxPromptLength: z.number().int().min(2).default(64).describe('Longer prompts are counted and left out'),
    temperature: z
      .number()
      .positive()
      .default(1)
      .describe('Sampling temperature; also divides the logits of every log-probability'),
    kl: z
      .strictObject({
        controller: z
          .enum(['fixed', 'adaptive'])
          .default('fixed')
          .describe('fixed: constant beta; adaptive: steers towards the target'),
        coefficient: z.number().min(0).default(0.05).describe('beta, or its first value when adaptive'),
        target: z.number().positive().default(6).describe('Adaptive: wanted KL per episode in nats'),
        horizon: z.number().positive().default(10000).describe('Adaptive: episodes over which beta reacts'),
        stopAbove: z
          .number()
          .positive()
          .nullable()
          .default(null)
          .describe('Stop the epochs of a rollout when its approximate policy KL passes this'),
      })
      .prefault({}),
    missingEosScore: z
      .number()
      .nullable()
      .default(-1)
      .describe('Score given to a response without a stop token (null = keep the model score)'),
    scoreClip: z.number().positive().default(10).describe('Scores are clipped to plus and minus this'),
    whitenRewards: z.boolean().default(false).describe('Scale per-token rewards to unit variance, mean kept'),
    gamma: z.number().min(0).max(1).default(1).describe('Discount'),
    lambda: z.number().min(0).max(1).default(0.95).describe('GAE lambda'),
    clipRange: z.number().positive().default(0.2).describe('Ratio clip'),
    valueClipRange: z.number().positive().default(0.2).describe('Value clip'),
    dualClip: z
      .number()
      .min(1)
      .nullable()
      .default(null)
      .describe('Dual clip constant c for negative advantages (null = off)'),
    valueCoefficient: z.number().min(0).default(0.1).describe('Weight of the value loss'),
    entropyFloor: z.number().min(0).default(0).describe('Warn when mean entropy falls under this, in nats'),
    policyOptimizer: optimizerSchema({
      learningRate: 2e-4,
      schedule: 'linear',
      warmupRatio: 0,
      epsilon: 1e-5,
    }),
    criticOptimizer: optimizerSchema({
      learningRate: 5e-4,
      schedule: 'linear',
      warmupRatio: 0,
      epsilon: 1e-5,
    }),
    sampleEvery: z.number().int().positive().default(5).describe('Rollouts between stored samples'),
    runtime: runtimeSchema({ checkpointEvery: 10, evalEvery: 10 }),
  })
  .refine((c) => c.rolloutBatchSize % c.numMinibatches === 0, {
    path: ['numMinibatches'],
    error: 'rolloutBatchSize must be a multiple of numMinibatches',
  });
export type PpoConfig = z.output<typeof ppoSchema>;

export const ppoRecipe = { schema: ppoSchema, data: 'prompts' } as const satisfies RecipeDefinition<
  typeof ppoSchema
>;
