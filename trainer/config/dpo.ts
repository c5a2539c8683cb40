import { z } from 'zod';
import { RESPONSE_LENGTH_CHART } from './charts.ts';
import { computeFields, optimizerSchema, runtimeSchema, sampleFields } from './common.ts';
import type { RecipeDefinition } from './definition.ts';
import { loraSchema } from './lora.ts';

import { COMPLETIONS_PER_PASS } from './reference-pass.ts';

/** Direct preference optimisation on ranked responses (training.md 2.4). */
export const dpoSchema = z
  .strictObject({
    loss: z
      .enum(['sigmoid', 'sigmoid-norm', 'hinge', 'ipo', 'conservative', 'robust', 'apo-zero', 'apo-down'])
      .default('sigmoid')
      .describe('Which loss on the difference of log-ratios'),
    beta: z
      .number()
      .positive()
      .default(0.1)
      .describe('Strength of the tie to the reference; sigmoid-norm, per token, wants about 5'),
    labelSmoothing: z
      .number()
      .min(0)
      .lt(0.5)
      .default(0)
      .describe('conservative, robust: probability that a label is wrong'),
    ipoLengthNormalized: z
      .boolean()
      .default(true)
      .describe('ipo: log-ratios per token, as TRL; false sums them, as the original repository'),
    nllWeight: z
      .number()
      .min(0)
      .default(0)
      .describe('Weight of the chosen answer’s own loss per token; holds its probability up'),
    lengthPenalty: z
      .number()
      .min(0)
      .default(0)
      .describe('Part of a preference that each token more explains; stops answers from growing'),
    ties: z
      .enum(['leave-out', 'rao-kupper'])
      .default('leave-out')
      .describe('Tied answers: counted and left out, or fitted by Rao and Kupper’s model of ties'),
    tieNu: z.number().gt(1).default(3).describe('rao-kupper: 3 makes a tie of equals as likely as not'),
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
    lora: loraSchema,
    ...computeFields,
    ...sampleFields,
    optimizer: optimizerSchema({ learningRate: 5e-6, schedule: 'linear', warmupRatio: 0.1, beta2: 0.999 }),
    runtime: runtimeSchema(),
  })
  .refine((c) => c.labelSmoothing > 0 || (c.loss !== 'conservative' && c.loss !== 'robust'), {
    path: ['labelSmoothing'],
    error: 'conservative and robust need a probability above 0',
  })
  .refine((c) => c.labelSmoothing === 0 || c.loss === 'conservative' || c.loss === 'robust', {
    path: ['labelSmoothing'],
    error: 'means something for conservative and robust alone',
  })
  .refine((c) => c.ties === 'leave-out' || c.loss === 'sigmoid' || c.loss === 'sigmoid-norm', {
    path: ['ties'],
    error: 'Rao and Kupper’s model is of the sigmoid losses alone',
  })
  .refine((c) => c.lengthPenalty === 0 || (c.loss !== 'ipo' && c.loss !== 'apo-zero'), {
    path: ['lengthPenalty'],
    error: 'ipo and apo-zero have no logit that length could be part of',
  });
export type DpoConfig = z.output<typeof dpoSchema>;

export const dpoRecipe = {
  title: 'DPO',
  description:
    'Moves a model towards the better of two answers by the judgments themselves, without a reward model.',
  schema: dpoSchema,
  presets: {
    small: {
      reason: 'Models under a million parameters: a rate that moves them, and a start without warm-up.',
      config: { maxLength: 256, optimizer: { learningRate: 2e-4, warmupRatio: 0 } },
    },
    lora: {
      reason:
        'The reference is the base under the adapter, so one set of weights is in memory. Ten times the rate of full tuning, as LoRA wants.',
      config: { lora: { rank: 16 }, optimizer: { learningRate: 5e-5 } },
    },
    'length-normalised': {
      reason:
        'Log-ratios per token, with the strong beta that goes with them (Tulu 3): answers have less cause to grow.',
      config: { loss: 'sigmoid-norm', beta: 5 },
    },
    ties: {
      reason: 'Annotators who may call a tie: half of the information would be thrown away with their ties.',
      config: { ties: 'rao-kupper' },
    },
    toy: {
      reason: 'Toy rows are short, and the bundled model is small enough for a high rate.',
      config: {
        maxLength: 96,
        batchSize: 16,
        epochs: 2,
        optimizer: { learningRate: 2e-4, warmupRatio: 0 },
        runtime: { evalEvery: 20, checkpointEvery: 40 },
      },
    },
  },
  startsFrom: {
    model: { need: 'required', hint: 'The SFT model: the policy begins as it, and the reference stays it.' },
    rewardModel: null,
  },
  data: 'rankings',
  work: ({ epochs, batchSize, maxLength }, { rows, promptTokens, responseTokens, responsesPerRow }) => {
    const sequences = batchSize * responsesPerRow;
    const tokens = sequences * Math.min(maxLength, promptTokens + responseTokens);
    const logits = sequences * Math.min(maxLength, responseTokens);
    return {
      steps: Math.ceil(Math.max(1, Math.round(epochs * rows)) / batchSize),
      // the reference is the start itself, read once before the first step
      models: [{ model: 'start', isTrained: true }],
      passes: [
        { model: 'start', kind: 'train', tokens, logits, times: 1 },
        {
          ...{ model: 'start', kind: 'forward', tokens, logits, times: 1 / epochs },
          shapes: Math.ceil((rows * responsesPerRow) / COMPLETIONS_PER_PASS),
        },
      ],
    };
  },
  result: { kind: 'language-model', suffix: '-dpo' },
  metrics: 'dpo',
  charts: [
    {
      title: 'Loss',
      good: 'Begins at ln 2 = 0.69 and falls slowly; held-out loss that turns upwards means the pairs are learnt by heart.',
      series: [
        { name: 'loss', label: 'Training' },
        { name: 'eval_loss', label: 'Held-out' },
      ],
    },
    {
      title: 'Accuracy of the implicit reward',
      good: 'Rises from 0.5 and levels off; near 1 within a few steps, the pairs are told apart by length or style.',
      series: [
        { name: 'rewards/accuracies', label: 'Training' },
        { name: 'eval_rewards/accuracies', label: 'Held-out' },
      ],
    },
    {
      title: 'Implicit rewards',
      good: 'The margin grows from 0; both lines falling together means chosen answers are becoming less likely too.',
      series: [
        { name: 'rewards/chosen', label: 'Chosen' },
        { name: 'rewards/rejected', label: 'Rejected' },
        { name: 'rewards/margins', label: 'Margin' },
      ],
    },
    {
      title: 'Chosen answers, nats per token',
      good: 'Stays near 0; under -0.1 while the margin rises the run warns of likelihood displacement.',
      series: [
        { name: 'logps/chosen_change', label: 'Training' },
        { name: 'eval_logps/chosen_change', label: 'Held-out' },
      ],
    },
    {
      title: 'Log-probabilities',
      good: 'Of whole answers, so long ones are lower; the chosen line should not sink with the rejected one.',
      series: [
        { name: 'logps/chosen', label: 'Chosen' },
        { name: 'logps/rejected', label: 'Rejected' },
      ],
    },
    {
      title: 'Entropy',
      good: 'Falls a little; a plunge means the policy repeats itself.',
      series: [{ name: 'entropy', label: 'Nats per token' }],
    },
    RESPONSE_LENGTH_CHART,
  ],
  progress: {
    loss: 'loss',
    'rewards/accuracies': 'accuracy',
    'eval_rewards/accuracies': 'held-out accuracy',
  },
  headlines: [
    {
      name: 'heldOutAccuracy',
      label: 'held-out accuracy of the implicit reward',
      unit: 'share',
      interval: { low: 'low', high: 'high', count: 'examples' },
      baselines: {
        longerWins: 'longer answer',
        bagOfWords: 'bag of words fitted to the training rows',
      },
    },
  ],
  summary: {
    heldOutAccuracy: 'Held-out accuracy of the implicit reward',
    low: '95 % interval from',
    high: '95 % interval to',
    longerWins: 'Longer answer wins (baseline)',
    bagOfWords: 'Bag of words (baseline)',
    chosenChange: 'Chosen answers, nats per token (held out)',
    examples: 'Held-out prompts',
    pairs: 'Held-out pairs',
    firstLoss: 'First loss',
    ties: 'Ties among the judgments',
  },
} as const satisfies RecipeDefinition<typeof dpoSchema>;
