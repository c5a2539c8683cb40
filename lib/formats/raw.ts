/**
 * Our own lossless export: one judgment a line, with its responses, order shown, ranking with ties, flags, times and whoever
 * judged (server/snapshots/raw-row.ts). Ids, hashes and what belongs to another installation (its guideline, its gold tasks)
 * are not taken over.
 */
import { z } from 'zod';
import { RESPONSE_FLAGS } from '../response-flags.ts';
import { SET_ASIDE } from '../snapshot-query.ts';
import { isEmptyPrompt, messagesSchema } from './messages.ts';
import type { JsonValue, JudgedRow, ParsedRow, ReasonCode } from './parsed-row.ts';
import { MAX_RESPONSES } from './prompts.ts';
import { isRecord, kindOf } from './read-messages.ts';

const json = z.record(z.string(), z.json());
const time = z.number().int();
const strengths = z.number().int().min(-3).max(3);

/** The columns that are read; others are passed over. */
const rowSchema = z.object({
  prompt: messagesSchema,
  prompt_external_id: z.string().nullish(),
  prompt_tags: z.array(z.string()).default([]),
  prompt_metadata: json.default({}),
  responses: z
    .array(
      z.object({
        response_id: z.string(),
        text: z.string(),
        model: z.string().nullish(),
        sampling: json.nullish(),
      }),
    )
    .min(1)
    .max(MAX_RESPONSES),
  shown_order: z.array(z.string()),
  ranking: z.array(z.array(z.string()).min(1)),
  strength: strengths.nullish(),
  margin: z.number().nullish(),
  tie_kind: z.enum(['none', 'equal', 'both_good', 'both_bad']),
  flags: z.record(z.string(), z.array(z.enum(RESPONSE_FLAGS)).max(RESPONSE_FLAGS.length)).default({}),
  rationale: z.string().default(''),
  source: z.string(),
  annotator_pseudonym: z.string().nullish(),
  given: z
    .object({
      externalId: z.string().optional(),
      submittedAt: time.optional(),
      split: z.enum(['train', 'heldout']).optional().catch(undefined),
      tags: z.array(z.string()).default([]),
      metadata: json.default({}),
    })
    .nullish(),
  lease_at: time,
  first_interaction_at: time.nullish(),
  submitted_at: time,
  active_ms: time.min(0),
  input_kind: z.enum(['keyboard', 'pointer', 'touch', 'mixed', 'api']),
  left_out: z.enum(SET_ASIDE).optional(),
});
type Row = z.infer<typeof rowSchema>;
type Refusal = { ok: false; reason: ReasonCode; detail: string };

/** True for a row of the raw export. */
export function isRawRow(row: unknown): boolean {
  return isRecord(row) && ['judgment_id', 'shown_order', 'ranking'].every((name) => name in row);
}

/** Reads one parsed JSON value of a raw export. */
export function parseRawRow(value: unknown): ParsedRow<JudgedRow> {
  if (!isRecord(value)) {
    return refuse('wrong-columns', `the row is ${kindOf(value as JsonValue)}; expected a line of raw.jsonl`);
  }
  const read = rowSchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const at = issue?.path.join('.') || 'the row';
    return refuse('wrong-columns', `${at}: ${issue?.message}; expected a line of raw.jsonl`);
  }
  const row = read.data;
  if (isEmptyPrompt(row.prompt)) return refuse('empty-prompt', 'the prompt is empty');
  const places = new Map(row.responses.map(({ response_id }, place) => [response_id, place]));
  const placesOf = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const place = places.get(id);
      return place === undefined ? [] : [place];
    });
  const shownOrder = placesOf(row.shown_order);
  const ranking = row.ranking.map(placesOf);
  const problem = placesProblem(row, { shownOrder, ranking });
  if (problem !== null) return refuse('wrong-columns', problem);
  return { ok: true, row: judgedRow(row, { shownOrder, ranking }) };
}

function placesProblem(
  row: Row,
  { shownOrder, ranking }: { shownOrder: number[]; ranking: number[][] },
): string | null {
  const count = row.responses.length;
  const isOnceEach = (places: number[], given: number) => new Set(places).size === count && given === count;
  if (!isOnceEach(shownOrder, row.shown_order.length)) {
    return `"shown_order" does not name each of the ${count} responses once`;
  }
  if (ranking.length > 0 && !isOnceEach(ranking.flat(), row.ranking.flat().length)) {
    return `"ranking" does not name each of the ${count} responses once`;
  }
  if (new Set(row.responses.map(({ text }) => text)).size < count) return 'two responses are the same text';
  const isTie = ranking.length === 1;
  if (isTie !== (row.tie_kind !== 'none')) {
    return `"tie_kind" is ${row.tie_kind}, but "ranking" has ${ranking.length} places`;
  }
  const better = count === 2 && ranking.length === 2 && ranking[0]?.[0] === shownOrder[0] ? -1 : 1;
  const sign = isTie ? 0 : better;
  const isSaid = row.strength === null || row.strength === undefined;
  if (!isSaid && Math.sign(row.strength ?? 0) !== sign) {
    return `"strength" is ${row.strength}, which does not agree with "ranking"`;
  }
  return null;
}

function judgedRow(
  row: Row,
  { shownOrder, ranking }: { shownOrder: number[]; ranking: number[][] },
): JudgedRow {
  const ofPrompt = {
    externalId: row.prompt_external_id ?? null,
    tags: row.prompt_tags,
    metadata: row.prompt_metadata as Record<string, JsonValue>,
  };
  const { given } = row;
  const own = given
    ? {
        externalId: given.externalId ?? null,
        tags: given.tags,
        metadata: given.metadata as Record<string, JsonValue>,
      }
    : ofPrompt;
  const flags = row.responses.flatMap(({ response_id }, place) => {
    const raised = row.flags[response_id] ?? [];
    return raised.length === 0 ? [] : [[place, raised] as const];
  });
  return {
    prompt: row.prompt,
    responses: row.responses.map(({ text, model = null, sampling = null }) => ({
      text,
      model,
      sampling: sampling as Record<string, JsonValue> | null,
    })),
    ranking,
    tie: row.tie_kind,
    margin: row.margin ?? 0,
    strength:
      row.strength === null || row.strength === undefined
        ? null
        : (Math.abs(row.strength) as JudgedRow['strength']),
    annotator: row.annotator_pseudonym ?? null,
    // the time of an imported judgment is that of its import, unless its file said one
    submittedAt: row.source === 'imported' ? (given?.submittedAt ?? null) : row.submitted_at,
    rationale: row.rationale,
    flags: Object.fromEntries(flags),
    ...own,
    split: given?.split ?? null,
    ofPrompt,
    isSuperseded: row.left_out === 'superseded',
    recorded:
      row.source === 'imported'
        ? null
        : {
            shownOrder,
            leasedAt: row.lease_at,
            firstInteractionAt: row.first_interaction_at ?? null,
            activeMs: row.active_ms,
            inputKind: row.input_kind,
          },
  };
}

function refuse(reason: ReasonCode, detail: string): Refusal {
  return { ok: false, reason, detail };
}
