import { z } from 'zod';
import { computeFields, optimizerSchema, runtimeSchema } from './common.ts';
import type { RecipeDefinition } from './definition.ts';

/** Next-token training of a new Llama-style model on plain text. */
export const pretrainSchema = z.strictObject({
  model: z
    .strictObject({
      hiddenSize: z
        .number()
        .int()
        .positive()
        .multipleOf(4)
        .default(128)
        .describe('Width of the residual stream'),
      numLayers: z.number().int().positive().default(4).describe('Number of decoder blocks'),
      numHeads: z.number().int().positive().default(4).describe('Attention heads'),
      numKvHeads: z
        .number()
        .int()
        .positive()
        .default(4)
        .describe('Key/value heads (grouped-query attention)'),
      intermediateSize: z
        .number()
        .int()
        .positive()
        .multipleOf(4)
        .default(344)
        .describe('Width inside the SwiGLU block'),
      maxPositions: z.number().int().positive().default(256).describe('Longest sequence the model will see'),
    })
    .prefault({}),
  vocabSize: z
    .number()
    .int()
    .min(262)
    .default(512)
    .describe('Size of the byte-level BPE vocabulary trained on the text'),
  sequenceLength: z.number().int().min(8).default(64).describe('Tokens per training row'),
  batchSize: z.number().int().positive().default(32).describe('Rows per step'),
  steps: z.number().int().positive().default(1000).describe('Optimizer steps'),
  ...computeFields,
  optimizer: optimizerSchema(),
  runtime: runtimeSchema(),
});
export type PretrainConfig = z.output<typeof pretrainSchema>;

export const pretrainRecipe = {
  schema: pretrainSchema,
  data: 'texts',
  newModel: ({ model, vocabSize }) => ({ ...model, vocabSize }),
} as const satisfies RecipeDefinition<typeof pretrainSchema>;
