import { z } from 'zod';
import { LANGUAGE_MODEL_CHARTS, RESPONSE_LENGTH_CHART } from './charts.ts';
import { computeFields, optimizerSchema, runtimeSchema, sampleFields } from './common.ts';
import type { RecipeDefinition } from './definition.ts';
import { loraSchema } from './lora.ts';

/** Supervised fine-tuning on prompt/answer pairs; only answer tokens and the EOS count (training.md 2.5). */
export const sftSchema = z.strictObject({
  maxLength: z
    .number()
    .int()
    .min(8)
    .default(128)
    .describe('Longest prompt + answer in tokens; longer rows are counted and left out'),
  batchSize: z.number().int().positive().default(32).describe('Rows per step'),
  epochs: z.number().positive().default(1).describe('Passes over the training rows'),
  lora: loraSchema,
  ...computeFields,
  ...sampleFields,
  optimizer: optimizerSchema({ learningRate: 5e-4 }),
  runtime: runtimeSchema(),
});

export const sftRecipe = {
  title: 'SFT',
  description: 'Teaches a model to imitate answers.',
  schema: sftSchema,
  presets: {
    small: { reason: 'Rows of real text are longer.', config: { maxLength: 256 } },
    instruction: {
      reason:
        'A base that is to follow instructions of many kinds: long rows, two passes, and a rate (TRL’s default) that leaves what it has learnt before in place.',
      config: { maxLength: 512, batchSize: 16, epochs: 2, optimizer: { learningRate: 2e-5 } },
    },
    task: {
      reason:
        'One task with short answers, such as labels or JSON, from a few hundred rows: more passes, smaller steps, watched often.',
      config: {
        maxLength: 256,
        batchSize: 8,
        epochs: 4,
        optimizer: { learningRate: 1e-5, schedule: 'linear', warmupRatio: 0.1 },
        runtime: { evalEvery: 20 },
      },
    },
    domain: {
      reason:
        'Words and facts of one field in a model that must keep its others: one pass at a low rate, since what is forgotten grows with both.',
      config: {
        maxLength: 512,
        batchSize: 16,
        epochs: 1,
        optimizer: { learningRate: 1e-5, warmupRatio: 0.1 },
      },
    },
    lora: {
      reason:
        'Adapters on all linear layers instead of the weights: gradients and moments of a few hundredths of them. Ten times the rate of full tuning, batches under 32 ("LoRA without regret" in TRL’s documentation).',
      config: { maxLength: 512, batchSize: 16, lora: { rank: 16 }, optimizer: { learningRate: 2e-4 } },
    },
    toy: {
      reason: 'Toy rows are short; one pass is enough to learn the form of answers.',
      config: {
        maxLength: 96,
        batchSize: 32,
        epochs: 1,
        optimizer: { learningRate: 1e-3 },
        runtime: { evalEvery: 50, checkpointEvery: 250 },
      },
    },
  },
  startsFrom: {
    model: { need: 'required', hint: 'The language model that learns the answers.' },
    rewardModel: null,
  },
  data: 'demonstrations',
  work: ({ epochs, batchSize, maxLength }, { rows, promptTokens, responseTokens }) => {
    const width = Math.min(maxLength, promptTokens + responseTokens);
    return {
      steps: Math.ceil(Math.max(1, Math.round(epochs * rows)) / batchSize),
      models: [{ model: 'start', isTrained: true }],
      passes: [
        {
          ...{ model: 'start', kind: 'train', tokens: batchSize * width, times: 1 },
          logits: batchSize * Math.min(width, responseTokens),
        },
      ],
    };
  },
  result: { kind: 'language-model', suffix: '-sft' },
  metrics: 'pretrain',
  charts: [...LANGUAGE_MODEL_CHARTS, RESPONSE_LENGTH_CHART],
  progress: { loss: 'loss', eval_loss: 'held-out loss' },
  headlines: [{ name: 'heldOutLoss', label: 'held-out loss', unit: 'number' }],
  summary: {
    heldOutLoss: 'Held-out loss',
    heldOutAccuracy: 'Held-out next-token accuracy',
    examples: 'Rows trained on',
    tooLong: 'Rows too long',
    tokens: 'Tokens trained on',
  },
} as const satisfies RecipeDefinition<typeof sftSchema>;
