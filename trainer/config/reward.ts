import { z } from 'zod';
import { computeFields, optimizerSchema, runtimeSchema } from './common.ts';
import type { RecipeDefinition } from './definition.ts';
import { loraSchema } from './lora.ts';

/** Bradley-Terry reward model on ranked responses (training.md 2.1). */
export const rewardSchema = z.strictObject({
  maxLength: z.number().int().min(8).default(256).describe('Longest prompt + response in tokens'),
  tooLong: z
    .enum(['truncate-prompt', 'drop'])
    .default('truncate-prompt')
    .describe(
      'What happens to a longer example: cut the start of its prompt, or leave it out; both are counted',
    ),
  batchSize: z
    .number()
    .int()
    .positive()
    .default(16)
    .describe('Prompts per step; every pair of one prompt is in the same step'),
  epochs: z.number().positive().default(1).describe('Passes over the training examples'),
  centering: z
    .number()
    .min(0)
    .default(0.01)
    .describe('Weight of (r_chosen + r_rejected)^2, keeps scores around 0'),
  useMargin: z
    .boolean()
    .default(false)
    .describe('Subtract the margin given by preference strength (Llama 2)'),
  useTies: z
    .boolean()
    .default(true)
    .describe('Fit ties with target probability 0.5 instead of leaving them out'),
  normalizeOn: z
    .number()
    .int()
    .min(0)
    .default(256)
    .describe(
      'Reference samples whose scores are shifted and scaled to mean 0, std 1 after training; 0 = off',
    ),
  samplePrompts: z
    .number()
    .int()
    .min(0)
    .max(64)
    .default(8)
    .describe('Held-out prompts whose answers are shown with their scores at each evaluation; 0 = none'),
  lora: loraSchema,
  ...computeFields,
  optimizer: optimizerSchema({ learningRate: 3e-4 }),
  runtime: runtimeSchema(),
});

export const rewardRecipe = {
  title: 'Reward model',
  description: 'Fits a model that scores answers as people ranked them.',
  schema: rewardSchema,
  presets: {
    small: {
      reason:
        'Real conversations: a long one keeps its end; one pass, since a second one over-fits (training.md R11).',
      config: { maxLength: 256, batchSize: 16, epochs: 1, optimizer: { learningRate: 3e-4 } },
    },
    lora: {
      reason:
        'Adapters and the head instead of all weights of a large model: gradients and moments of a few hundredths of them. Ten times the rate of full tuning, one pass.',
      config: {
        maxLength: 256,
        batchSize: 16,
        epochs: 1,
        lora: { rank: 16 },
        optimizer: { learningRate: 2e-4 },
      },
    },
    toy: {
      reason: 'Toy rows are short; a few hundred judgments need more than one pass over them.',
      config: {
        maxLength: 96,
        batchSize: 16,
        epochs: 2,
        optimizer: { learningRate: 1e-3 },
        runtime: { evalEvery: 20, checkpointEvery: 40 },
      },
    },
  },
  startsFrom: {
    model: { need: 'or-base', hint: 'The SFT model, whose trunk gets a head for scores.' },
    rewardModel: null,
  },
  data: 'rankings',
  numReferencePrompts: ({ normalizeOn }) => normalizeOn,
  work: ({ epochs, batchSize, maxLength }, { rows, promptTokens, responseTokens, responsesPerRow }) => {
    const tokens = batchSize * responsesPerRow * Math.min(maxLength, promptTokens + responseTokens);
    return {
      steps: Math.ceil(Math.max(1, Math.round(epochs * rows)) / batchSize),
      models: [{ model: 'start', isTrained: true }],
      passes: [{ model: 'start', kind: 'train', tokens, logits: 0, times: 1 }],
    };
  },
  result: { kind: 'reward-model', suffix: '-reward' },
  metrics: 'reward',
  charts: [
    {
      title: 'Loss',
      good: 'Falls from about ln 2 = 0.69; held-out loss that turns upwards means the model learns the pairs by heart.',
      series: [
        { name: 'loss', label: 'Training' },
        { name: 'eval_loss', label: 'Held-out' },
      ],
    },
    {
      title: 'Accuracy',
      good: 'Rises above 0.5 and levels off near how often annotators agree; training far above held-out is over-fitting.',
      series: [
        { name: 'accuracy', label: 'Training' },
        { name: 'eval_accuracy', label: 'Held-out' },
      ],
    },
    {
      title: 'Margin',
      good: 'The chosen answer’s lead grows from 0 and levels off; growth without end means over-confidence.',
      series: [
        { name: 'margin', label: 'Training' },
        { name: 'eval_margin', label: 'Held-out' },
      ],
    },
    {
      title: 'Scores',
      good: 'The mean stays around 0 while smallest and largest spread; a drift of the mean asks for more centring.',
      series: [
        { name: 'mean_reward', label: 'Mean' },
        { name: 'min_reward', label: 'Smallest' },
        { name: 'max_reward', label: 'Largest' },
      ],
    },
  ],
  progress: {
    loss: 'loss',
    eval_loss: 'held-out loss',
    accuracy: 'accuracy',
    eval_accuracy: 'held-out accuracy',
  },
  headlines: [
    {
      name: 'heldOutAccuracy',
      label: 'held-out accuracy',
      unit: 'share',
      interval: { low: 'low', high: 'high', count: 'pairs' },
      baselines: {
        longerWins: 'longer answer',
        bagOfWords: 'bag of words fitted to the training rows',
      },
    },
  ],
  summary: {
    heldOutAccuracy: 'Held-out accuracy',
    low: '95 % interval from',
    high: '95 % interval to',
    longerWins: 'Longer answer wins (baseline)',
    bagOfWords: 'Bag of words (baseline)',
    heldOutLoss: 'Held-out loss',
    pairs: 'Held-out pairs',
    trainAccuracy: 'Training accuracy',
  },
} as const satisfies RecipeDefinition<typeof rewardSchema>;
