import { z } from 'zod';
import { type Given, INPUT_KINDS, JUDGMENT_SOURCES, TIE_KINDS } from '../../db/schema/judgments.ts';
import { messagesSchema } from '../../lib/formats/messages.ts';
import { SET_ASIDE } from '../../lib/snapshot-query.ts';

const givenSchema = z.strictObject({
  externalId: z.string().optional(),
  annotator: z.string().optional(),
  /** UTC ms */
  submittedAt: z.number().int().optional(),
  split: z.string().optional(),
  tags: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.json()).optional(),
  superseded: z.literal(true).optional(),
  responses: z
    .record(
      z.string(),
      z.strictObject({
        model: z.string().optional(),
        sampling: z.record(z.string(), z.json()).optional(),
      }),
    )
    .optional(),
}) satisfies z.ZodType<Given>;

/**
 * One judgment with everything it was made from: the line of raw.jsonl, from which every export and every training set is
 * derived. People appear by pseudonym only. Times are UTC ms.
 */
export const rawRowSchema = z.strictObject({
  judgment_id: z.string(),
  /** the task; judgments of the same question share it */
  comparison_id: z.string(),
  prompt_id: z.string(),
  prompt: messagesSchema,
  // what came with the prompt's row; absent in snapshots made before it was kept
  prompt_external_id: z.string().nullable().optional(),
  prompt_tags: z.array(z.string()).optional(),
  prompt_metadata: z.record(z.string(), z.json()).optional(),
  /** decided by the prompt's content: 'heldout' is never trained on */
  split: z.enum(['train', 'heldout']),
  responses: z.array(
    z.strictObject({
      response_id: z.string(),
      text: z.string(),
      origin: z.enum(['imported', 'generated']),
      /** checkpoint that wrote it; for imported ones the model's name in the file */
      model: z.string().nullable(),
      /** sampling settings */
      sampling: z.record(z.string(), z.json()).nullable().optional(),
      /** sha256 of the sampling settings */
      params_hash: z.string().nullable(),
      sha256: z.string(),
    }),
  ),
  shown_order: z.array(z.string()),
  /** 'single' = one answer that a file labels as good or bad, which tie_kind says */
  mode: z.enum(['single', 'pair', 'rank']),
  /** pairs: the better response, null for a tie */
  choice: z.string().nullable(),
  /** groups of response ids, best first; an inner list of two or more is a tie */
  ranking: z.array(z.array(z.string())),
  /** pairs: -3..3, negative = the first shown is better */
  strength: z.number().int().nullable(),
  /** imported: the file's margin */
  margin: z.number().nullable(),
  tie_kind: z.enum(TIE_KINDS),
  not_rankable: z.boolean(),
  flags: z.record(z.string(), z.array(z.string())),
  rationale: z.string(),
  source: z.enum(JUDGMENT_SOURCES),
  /** imported rows: as the file names the annotator, null where it does not */
  annotator_pseudonym: z.string().nullable(),
  import_id: z.string().nullable(),
  /** imported rows: what the file says beyond the answer */
  given: givenSchema.nullable().optional(),
  guideline_version: z.number().int(),
  lease_at: z.number().int(),
  first_interaction_at: z.number().int().nullable(),
  submitted_at: z.number().int(),
  active_ms: z.number().int(),
  input_kind: z.enum(INPUT_KINDS),
  is_gold: z.boolean(),
  revision: z.number().int(),
  /** hash of the audit event that recorded it */
  event_hash: z.string(),
  /** only in raw exports and left-out.jsonl: it does not count, and why */
  left_out: z.enum(SET_ASIDE).optional(),
});
export type RawRow = z.infer<typeof rawRowSchema>;

/** Wanted distance of the two scores: the file's margin, else thirds by strength (Llama 2, "margin small"), 0 = unknown. */
export function marginOf(row: Pick<RawRow, 'margin' | 'strength'>): number {
  return row.margin ?? Math.abs(row.strength ?? 0) / 3;
}

/** True when nothing was found better than anything: no comparison comes of it. */
export function isAllTied(row: Pick<RawRow, 'ranking'>): boolean {
  return row.ranking.length < 2;
}
