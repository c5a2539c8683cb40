import { z } from 'zod';
import { optimizerSchema, runtimeSchema } from './common.ts';
import type { RecipeDefinition } from './definition.ts';
import { loraSchema } from './lora.ts';

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
    lora: loraSchema,
    sampleEvery: z.number().int().positive().default(5).describe('Rollouts between stored samples'),
    runtime: runtimeSchema({ checkpointEvery: 10, evalEvery: 10 }),
  })
  .refine((c) => c.rolloutBatchSize % c.numMinibatches === 0, {
    path: ['numMinibatches'],
    error: 'rolloutBatchSize must be a multiple of numMinibatches',
  });
export type PpoConfig = z.output<typeof ppoSchema>;

export const ppoRecipe = {
  title: 'PPO',
  description: 'Improves a model against a reward model, held near its start by a KL penalty.',
  schema: ppoSchema,
  presets: {
    small: {
      reason: 'Fewer episodes for a first look.',
      config: { totalEpisodes: 1024, rolloutBatchSize: 32 },
    },
    toy: {
      reason:
        'Toy answers end within 32 tokens. The reward model says little before the last token, so the critic that starts from it must move fast and far: its own learning rate, a wide clip.',
      config: {
        totalEpisodes: 1536,
        rolloutBatchSize: 64,
        numPpoEpochs: 3,
        responseLength: 32,
        maxPromptLength: 32,
        valueClipRange: 1,
        policyOptimizer: { learningRate: 2e-4 },
        criticOptimizer: { learningRate: 2e-3 },
        runtime: { evalEvery: 8, checkpointEvery: 12 },
      },
    },
  },
  startsFrom: {
    model: { need: 'required', hint: 'The SFT model: policy, and frozen reference of the KL penalty.' },
    rewardModel: { hint: 'Scores the answers; the critic starts from it.' },
  },
  data: 'prompts',
  work: (config, { promptTokens }) => {
    const { rolloutBatchSize, numMinibatches, numPpoEpochs, responseLength, maxPromptLength } = config;
    const responses = rolloutBatchSize * responseLength;
    const tokens = rolloutBatchSize * Math.min(maxPromptLength, promptTokens) + responses;
    const part = { tokens: tokens / numMinibatches, times: numPpoEpochs * numMinibatches };
    return {
      steps: Math.ceil(config.totalEpisodes / rolloutBatchSize),
      models: [
        { model: 'start', isTrained: true },
        // with an adapter the reference is the policy's own base
        ...(config.lora.rank === null ? [{ model: 'start', isTrained: false } as const] : []),
        // critic and reward model
        { model: 'reward', isTrained: true },
        { model: 'reward', isTrained: false },
      ],
      passes: [
        { model: 'start', kind: 'generate', tokens: responses, logits: responses, times: 1 },
        { model: 'start', kind: 'forward', tokens, logits: responses, times: 2 },
        { model: 'reward', kind: 'forward', tokens, logits: 0, times: 2 },
        { ...part, model: 'start', kind: 'train', logits: responses / numMinibatches },
        { ...part, model: 'reward', kind: 'train', logits: 0 },
      ],
    };
  },
  result: { kind: 'language-model', suffix: '-ppo' },
  metrics: 'ppo',
  charts: [
    {
      title: 'Reward',
      good: 'Score and total reward rise and then level off; a true reward that falls while the score rises means the reward model is being exploited.',
      series: [
        { name: 'objective/scores', label: 'Score' },
        { name: 'objective/rlhf_reward', label: 'Score with KL penalty' },
        { name: 'objective/true_reward', label: 'True reward' },
      ],
    },
    {
      title: 'KL to the reference',
      good: 'Starts at 0, grows slowly and stays positive, roughly between 0 and 10 nats; a steep climb means the policy runs away from the reference.',
      series: [{ name: 'objective/kl', label: 'KL per episode (nats)' }],
    },
    {
      title: 'KL coefficient',
      good: 'Flat with a fixed controller; with an adaptive one it settles where the KL meets its target.',
      series: [{ name: 'objective/kl_coef', label: 'beta' }],
    },
    {
      title: 'Entropy',
      good: 'Falls gently and keeps well above 0; a collapse towards 0 means the policy says one thing only.',
      series: [{ name: 'policy/entropy_avg', label: 'Entropy per token (nats)' }],
    },
    {
      title: 'Response length',
      good: 'Stays near where it began; steady growth or shrinking that the task does not ask for is length hacking.',
      series: [
        { name: 'tokens/responses_len_mean', label: 'Mean tokens' },
        { name: 'tokens/responses_len_std', label: 'Standard deviation' },
      ],
    },
    {
      title: 'Clip fraction',
      good: 'Between about 0.01 and 0.3; near 0 the steps are timid, above 0.3 they are too large.',
      series: [
        { name: 'policy/clipfrac_avg', label: 'Policy' },
        { name: 'val/clipfrac_avg', label: 'Value' },
      ],
    },
    {
      title: 'Value loss',
      good: 'Falls quickly at first and then stays low; a rise means the critic cannot follow the policy.',
      series: [{ name: 'loss/value_avg', label: 'Value loss' }],
    },
    {
      title: 'Explained variance',
      good: 'Climbs towards 1; at 0 or below the critic is no better than a constant.',
      series: [{ name: 'val/var_explained', label: 'Explained variance' }],
    },
    {
      title: 'Evaluation on held-out prompts',
      good: 'Proxy and true reward rise together; where they part, the run has passed its best checkpoint.',
      series: [
        { name: 'eval/proxy_reward', label: 'Reward model' },
        { name: 'eval/true_reward', label: 'True reward' },
      ],
    },
    {
      title: 'Size of the policy updates',
      good: 'Stays far below the KL to the reference; a jump means that one update went too far.',
      series: [{ name: 'policy/approxkl_avg', label: 'Approximate KL' }],
    },
    {
      title: 'Mean ratio',
      good: 'Stays within a few hundredths of 1; a drift means the sampled and the trained policy are not the same.',
      series: [{ name: 'val/ratio', label: 'pi / pi_old' }],
    },
  ],
  progress: {
    'objective/scores': 'score',
    'objective/kl': 'KL',
    'eval/true_reward': 'held-out true reward',
  },
  headlines: [
    { name: 'trueRewardAfter', label: 'true reward', unit: 'number', before: 'trueRewardBefore' },
    { name: 'proxyRewardAfter', label: 'reward', unit: 'number', before: 'proxyRewardBefore' },
  ],
  summary: {
    trueRewardBefore: 'True reward before',
    trueRewardAfter: 'True reward after',
    proxyRewardBefore: 'Reward before',
    proxyRewardAfter: 'Reward after',
    klToReference: 'KL to the reference',
  },
} as const satisfies RecipeDefinition<typeof ppoSchema>;
