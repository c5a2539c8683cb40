import { z } from 'zod';
import { computeFields, optimizerSchema, runtimeSchema } from './common.ts';
import type { RecipeDefinition } from './definition.ts';
import { loraSchema } from './lora.ts';

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
  schema: dpoSchema,
  data: 'rankings',
} as const satisfies RecipeDefinition<typeof dpoSchema>;
