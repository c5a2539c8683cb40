import { z } from 'zod';

/** What came of it so far, kept with the job until a day after its end. */
export const askProgressSchema = z.object({
  /** checkpoints that have done their part, of how many */
  done: z.number(),
  total: z.number(),
  startedAt: z.number(),
  answers: z.array(
    z.object({
      /** null: the answer that was given along */
      checkpointId: z.string().nullable(),
      content: z.string(),
      ended: z.boolean(),
      /** by reward checkpoint */
      scores: z.record(z.string(), z.number()),
    }),
  ),
});
export type AskProgress = z.output<typeof askProgressSchema>;
