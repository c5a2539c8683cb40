import { z } from 'zod';

/** LoRA adapters instead of full fine-tuning (arXiv:2106.09685), for recipes that start from a model. */
export const loraSchema = z
  .strictObject({
    rank: z
      .number()
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe('Rank of the adapters that are trained instead of the weights (null = train every weight)'),
    alpha: z.number().positive().default(32).describe('Adapters are scaled by alpha / rank'),
    rankStabilized: z.boolean().default(false).describe('Scale by alpha / sqrt(rank) instead (rsLoRA)'),
    targetModules: z
      .enum(['all-linear', 'attention', 'query-value'])
      .default('all-linear')
      .describe('Layers that get an adapter'),
  })
  .describe('LoRA')
  .prefault({});
export type LoraOptions = z.output<typeof loraSchema>;
