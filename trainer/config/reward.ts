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
  lora: loraSchema,
  ...computeFields,
  optimizer: optimizerSchema({ learningRate: 3e-4 }),
  runtime: runtimeSchema(),
});
export type RewardConfig = z.output<typeof rewardSchema>;

export const rewardRecipe = {
  schema: rewardSchema,
  data: 'rankings',
  numReferencePrompts: ({ normalizeOn }) => normalizeOn,
} as const satisfies RecipeDefinition<typeof rewardSchema>;
