import { z } from 'zod';
import { computeFields, optimizerSchema, runtimeSchema } from './common.ts';
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
  optimizer: optimizerSchema({ learningRate: 5e-4 }),
  runtime: runtimeSchema(),
});
export type SftConfig = z.output<typeof sftSchema>;

export const sftRecipe = { schema: sftSchema, data: 'demonstrations' } as const satisfies RecipeDefinition<
  typeof sftSchema
>;
