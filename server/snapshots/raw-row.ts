import { z } from 'zod';
import { INPUT_KINDS, JUDGMENT_SOURCES, TIE_KINDS } from '../../db/schema/judgments.ts';
import { messagesSchema } from '../../lib/formats/messages.ts';

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
  /** decided by the prompt's content: 'heldout' is never trained on */
  split: z.enum(['train', 'heldout']),
  responses: z.array(
    z.strictObject({
      response_id: z.string(),
      text: z.string(),
      origin: z.enum(['imported', 'generated']),
      /** checkpoint that wrote it */
      model: z.string().nullable(),
      /** sha256 of the sampling settings */
      params_hash: z.string().nullable(),
      sha256: z.string(),
    }),
  ),
  shown_order: z.array(z.string()),
  mode: z.enum(['pair', 'rank']),
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
  /** null for imported rows */
  annotator_pseudonym: z.string().nullable(),
  import_id: z.string().nullable(),
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
