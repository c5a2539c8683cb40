import { z } from 'zod';
import { RESPONSE_LENGTH_CHART } from './charts.ts';
import { computeFields, optimizerSchema, runtimeSchema, sampleFields } from './common.ts';
import type { RecipeDefinition } from './definition.ts';
import { loraSchema } from './lora.ts';

import { COMPLETIONS_PER_PASS } from './reference-pass.ts';

/** Kahneman-Tversky optimisation on answers with a label each (arXiv:2402.01306). */
export const ktoSchema = z.strictObject({
  beta: z.number().positive().default(0.1).describe('Strength of the tie to the reference'),
  desirableWeight: z.number().positive().default(1).describe('Weight of desirable answers (lambda_D)'),
  undesirableWeight: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Weight of undesirable answers (lambda_U); null = what makes both sides weigh the same'),
  oneSided: z
    .boolean()
    .default(false)
    .describe('Train although all labels are of one side; wants a low learning rate'),
  maxLength: z.number().int().min(8).default(256).describe('Longest prompt + answer in tokens'),
  batchSize: z
    .number()
    .int()
    .min(2)
    .default(16)
    .describe('Answers per step; small batches make the estimate of the KL, and so the run, unsteady'),
  epochs: z.number().positive().default(1).describe('Passes over the training examples'),
  lora: loraSchema,
  ...computeFields,
  ...sampleFields,
  optimizer: optimizerSchema({ learningRate: 5e-6, schedule: 'linear', warmupRatio: 0.1, beta2: 0.999 }),
  runtime: runtimeSchema(),
});

export const ktoRecipe = {
  title: 'KTO',
  description: 'Moves a model by labels of single answers, good or bad: ties called both bad count too.',
  schema: ktoSchema,
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
    toy: {
      reason: 'Toy rows are short, and the bundled model is small enough for a high rate.',
      config: {
        maxLength: 96,
        batchSize: 32,
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
  data: 'unpaired',
  work: ({ epochs, batchSize, maxLength }, { rows, promptTokens, responseTokens }) => {
    const tokens = batchSize * Math.min(maxLength, promptTokens + responseTokens);
    const logits = batchSize * Math.min(maxLength, responseTokens);
    return {
      steps: Math.ceil(Math.max(1, Math.round(epochs * rows)) / batchSize),
      // the reference is the start itself, read once before the first step
      models: [{ model: 'start', isTrained: true }],
      passes: [
        { model: 'start', kind: 'train', tokens, logits, times: 1 },
        // each prompt with a stranger's answer at every step, and both with the reference once
        {
          ...{ model: 'start', kind: 'forward', tokens, logits, times: 1 + 2 / epochs },
          shapes: Math.ceil((2 * rows) / COMPLETIONS_PER_PASS),
        },
      ],
    };
  },
  result: { kind: 'language-model', suffix: '-kto' },
  metrics: 'kto',
  charts: [
    {
      title: 'Loss',
      good: 'Begins at half of the mean weight and falls slowly.',
      series: [{ name: 'loss', label: 'Training' }],
    },
    {
      title: 'Implicit rewards',
      good: 'The margin grows from 0; desirable answers falling with the others means the rate is too high.',
      series: [
        { name: 'rewards/chosen', label: 'Desirable' },
        { name: 'rewards/rejected', label: 'Undesirable' },
        { name: 'rewards/margins', label: 'Margin' },
        { name: 'eval_rewards/margins', label: 'Margin, held-out' },
      ],
    },
    {
      title: 'KL baseline',
      good: 'Stays within a few nats; growth without end means the policy runs from its reference.',
      series: [{ name: 'kl', label: 'z' }],
    },
    {
      title: 'Log-probabilities',
      good: 'Of whole answers, so long ones are lower; the desirable line should not sink.',
      series: [
        { name: 'logps/chosen', label: 'Desirable' },
        { name: 'logps/rejected', label: 'Undesirable' },
      ],
    },
    RESPONSE_LENGTH_CHART,
  ],
  progress: { loss: 'loss', 'rewards/margins': 'margin', 'eval_rewards/margins': 'held-out margin' },
  headlines: [
    {
      name: 'heldOutAuroc',
      label: 'held-out AUROC of the implicit reward',
      unit: 'share',
      interval: { low: 'low', high: 'high', count: 'examples' },
      baselines: { longerWins: 'longer answer' },
    },
  ],
  summary: {
    heldOutAuroc: 'Held-out AUROC of the implicit reward',
    low: '95 % interval from',
    high: '95 % interval to',
    longerWins: 'Longer answer (baseline)',
    examples: 'Held-out answers',
    desirable: 'Desirable training answers',
    undesirable: 'Undesirable training answers',
    undesirableWeight: 'Weight of undesirable answers',
  },
} as const satisfies RecipeDefinition<typeof ktoSchema>;
