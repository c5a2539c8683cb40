import { canonicalJson } from '../../../lib/canonical-json.ts';
import type { RawRow } from '../raw-row.ts';

/**
 * What a judgment says besides its texts, as columns of text. Text because a reader infers the type of a column from the
 * first rows it sees: "" stands for nothing, lists and objects are JSON, times ISO 8601.
 */
export type Details = Record<string, string>;

export const DETAILS_EXPLAINED =
  'Columns such as external_id, tags, metadata (JSON), annotator, submitted_at, strength or rationale are there where any row of the snapshot has one; "" = none.';

/** Details of a judgment; `given` by the file for imported ones, recorded here for all others. */
export function detailsOf(row: RawRow): Details {
  // an imported judgment goes out with what its own row said; another row may have said more of the prompt
  const own = row.given ?? null;
  const submittedAt = row.source === 'imported' ? own?.submittedAt : row.submitted_at;
  return {
    external_id: (own === null ? row.prompt_external_id : own.externalId) ?? '',
    tags: listText((own === null ? row.prompt_tags : own.tags) ?? []),
    metadata: objectText((own === null ? row.prompt_metadata : own.metadata) ?? {}),
    annotator: row.annotator_pseudonym ?? '',
    submitted_at: submittedAt === undefined ? '' : new Date(submittedAt).toISOString(),
    strength: row.strength === null ? '' : String(Math.abs(row.strength)),
    rationale: row.rationale,
  };
}

/** The model and sampling settings of one response, as columns named after it. */
export function authorOf(row: RawRow, responseId: string, name: string): Details {
  const response = row.responses.find(({ response_id }) => response_id === responseId);
  return {
    [`${name}_model`]: response?.model ?? '',
    [`${name}_sampling`]: objectText(response?.sampling ?? {}),
  };
}

/** Adds the names of the columns that have something in them. */
export function noteUsed(details: Details, used: Set<string>): void {
  for (const [name, text] of Object.entries(details)) if (text !== '') used.add(name);
}

/** Those columns of `used`, in the order in which details come. */
export function onlyUsed(details: Details, used: ReadonlySet<string>): Details {
  return Object.fromEntries(Object.entries(details).filter(([name]) => used.has(name)));
}

function listText(list: readonly string[]): string {
  return list.length === 0 ? '' : canonicalJson(list);
}

function objectText(value: object): string {
  return Object.keys(value).length === 0 ? '' : canonicalJson(value);
}
