import { z } from 'zod';

/** One comparison: a work, beside the peer as it comes or at its best. */
export const rowSchema = z.object({
  work: z.string(),
  variant: z.enum(['as installed', 'at its best']),
  peerName: z.string(),
  /** the peer's setting these figures are from */
  setting: z.string(),
  precision: z.enum(['float32', 'bfloat16']),
  unit: z.enum(['tokens/s', 'MiB']),
  ours: z.number(),
  peer: z.number(),
  ratio: z.number(),
  low: z.number(),
  high: z.number(),
  rounds: z.number().int().positive(),
  lossesAgree: z.boolean(),
  /** largest difference over the compared steps or tokens, and what is allowed */
  difference: z.number().nullable(),
  tolerance: z.number(),
  /** largest share of the cores that other processes had during a round; null where nothing was timed */
  others: z.number().nullable(),
  /** what a reader must know, such as a setting that was left out */
  note: z.string(),
});

export const resultsSchema = z.object({
  command: z.string(),
  date: z.string(),
  machine: z.object({ processor: z.string(), cores: z.number(), memoryGiB: z.number(), system: z.string() }),
  backend: z.string(),
  versions: z.record(z.string(), z.string()),
  /** float32 error of a matrix product under each setting, relative; see scripts/bench/matmul-probe.ts */
  matmulErrors: z.record(z.string(), z.number()),
  rows: z.array(rowSchema),
  failed: z.array(z.object({ work: z.string(), reason: z.string() })),
});

export type Row = z.infer<typeof rowSchema>;
export type Results = z.infer<typeof resultsSchema>;
