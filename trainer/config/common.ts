/** Groups of options that several recipes share. No TensorFlow import: the run form on the web is made from these. */
import { z } from 'zod';

export const optimizerSchema = z
  .strictObject({
    learningRate: z.number().positive().default(1e-3).describe('Peak learning rate of AdamW'),
    schedule: z.enum(['constant', 'linear', 'cosine']).default('cosine').describe('Shape of the decay after warm-up'),
    warmupRatio: z.number().min(0).max(1).default(0.03).describe('Share of all steps spent warming up from 0'),
    beta1: z.number().min(0).lt(1).default(0.9).describe('AdamW: decay of the first moment'),
    beta2: z.number().min(0).lt(1).default(0.95).describe('AdamW: decay of the second moment'),
    epsilon: z.number().positive().default(1e-8).describe('AdamW: added to the root of the second moment'),
    weightDecay: z.number().min(0).default(0).describe('Decoupled weight decay on matrices (never on norms and biases)'),
    maxGradNorm: z.number().positive().default(1).describe('Gradients are scaled down to this global norm'),
  })
  .describe('Optimizer');

export const runtimeSchema = z
  .strictObject({
    seed: z.number().int().min(0).max(4294967295).default(1).describe('Seed of every random stream of the run'),
    checkpointEvery: z.number().int().positive().default(50).describe('Steps between checkpoints'),
    keepCheckpoints: z.number().int().positive().default(2).describe('Older resumable checkpoints beyond this many are deleted'),
    evalEvery: z.number().int().positive().default(50).describe('Steps between evaluations on held-out data'),
  })
  .describe('Runtime');
