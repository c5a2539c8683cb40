/** Groups of options that several recipes share. No TensorFlow import: the run form on the web is made from these. */
import { z } from 'zod';

/**
 * AdamW's options. Each recipe passes its own defaults here, so that naming one option in a config leaves the others at
 * the recipe's defaults and not at another recipe's.
 */
export function optimizerSchema(
  defaults: {
    learningRate?: number;
    schedule?: 'constant' | 'linear' | 'cosine';
    warmupRatio?: number;
    beta2?: number;
    epsilon?: number;
  } = {},
) {
  const { learningRate = 1e-3, schedule = 'cosine', warmupRatio = 0.03 } = defaults;
  const { beta2 = 0.95, epsilon = 1e-8 } = defaults;
  return z
    .strictObject({
      learningRate: z.number().positive().default(learningRate).describe('Peak learning rate of AdamW'),
      schedule: z
        .enum(['constant', 'linear', 'cosine'])
        .default(schedule)
        .describe('Shape of the decay after warm-up'),
      warmupRatio: z
        .number()
        .min(0)
        .max(1)
        .default(warmupRatio)
        .describe('Share of all steps spent warming up from 0'),
      beta1: z.number().min(0).lt(1).default(0.9).describe('AdamW: decay of the first moment'),
      beta2: z.number().min(0).lt(1).default(beta2).describe('AdamW: decay of the second moment'),
      epsilon: z
        .number()
        .positive()
        .default(epsilon)
        .describe('AdamW: added to the root of the second moment'),
      weightDecay: z
        .number()
        .min(0)
        .default(0)
        .describe('Decoupled weight decay on matrices (never on norms and biases)'),
      maxGradNorm: z.number().positive().default(1).describe('Gradients are scaled down to this global norm'),
    })
    .describe('Optimizer')
    .prefault({});
}

/** Options of the run itself, with the recipe's own rhythm as defaults. */
export function runtimeSchema(defaults: { checkpointEvery?: number; evalEvery?: number } = {}) {
  const { checkpointEvery = 50, evalEvery = 50 } = defaults;
  return z
    .strictObject({
      seed: z
        .number()
        .int()
        .min(0)
        .max(4294967295)
        .default(1)
        .describe('Seed of every random stream of the run'),
      checkpointEvery: z
        .number()
        .int()
        .positive()
        .default(checkpointEvery)
        .describe('Steps between checkpoints'),
      keepCheckpoints: z
        .number()
        .int()
        .positive()
        .default(2)
        .describe('Older resumable checkpoints beyond this many are deleted'),
      evalEvery: z
        .number()
        .int()
        .positive()
        .default(evalEvery)
        .describe('Steps between evaluations on held-out data'),
    })
    .describe('Runtime')
    .prefault({});
}

/** What a language model in training is asked at evaluations. */
export const sampleFields = {
  samplePrompts: z
    .number()
    .int()
    .min(0)
    .max(64)
    .default(8)
    .describe(
      'Held-out prompts that the model continues at each evaluation, to be read and measured; 0 = none',
    ),
  sampleTokens: z.number().int().positive().default(64).describe('Most tokens of such an answer'),
};

/** How the compiled steps of a recipe spend time and memory; the result is the same but for rounding. */
export const computeFields = {
  precision: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe(
      'Products of matrices while training; bfloat16 is faster on the native backend, others refuse it',
    ),
  recompute: z
    .boolean()
    .default(false)
    .describe(
      'Run each block again in the backward pass instead of keeping its activations: less memory, slower',
    ),
};
