/**
 * What comes with a row besides its texts: id, tags, model, annotator, time ... under the names that public files use. A
 * column that is recognised is taken out; whatever is left over becomes the row's metadata, so that nothing is dropped.
 */
import type { JsonValue, ParsedResponse, RowFacts, Verdict } from './parsed-row.ts';

/** Columns of one row; a parser takes out what it understands. Blank cells of a table count as absent. */
export type Columns = Map<string, JsonValue>;

/** The named columns of a row, nulls and blank texts left out. */
export function columnsOf(row: Record<string, JsonValue>): Columns {
  return new Map(
    Object.entries(row).filter(
      ([, value]) => value !== null && !(typeof value === 'string' && value.trim() === ''),
    ),
  );
}

const ID_COLUMNS = ['external_id', 'id', 'row_id', 'prompt_id', 'question_id', 'uid', 'uuid'];
const TAG_COLUMNS = ['tags', 'tag'];
const ANNOTATOR_COLUMNS = [
  'annotator',
  'annotator_id',
  'annotator_pseudonym',
  'evaluator',
  'worker_id',
  'rater',
  'judge',
];
const TIME_COLUMNS = ['submitted_at', 'judged_at', 'timestamp', 'tstamp', 'created_at'];
const RATIONALE_COLUMNS = ['rationale', 'explanation', 'justification'];
const SPLITS: Record<string, 'train' | 'heldout'> = {
  train: 'train',
  training: 'train',
  heldout: 'heldout',
  'held-out': 'heldout',
  test: 'heldout',
  validation: 'heldout',
  valid: 'heldout',
  dev: 'heldout',
  eval: 'heldout',
};

/** Id, tags and split; all columns that are left then are metadata. Call it last: it empties `columns`. */
export function takeFacts(columns: Columns): RowFacts {
  const externalId = take(columns, ID_COLUMNS, asName);
  const tags = take(columns, TAG_COLUMNS, asTags) ?? [];
  const split = take(columns, ['split'], (value) =>
    typeof value === 'string' ? (SPLITS[value.trim().toLowerCase()] ?? null) : null,
  );
  // our own exports pack it into one column, as JSON text
  const packed = take(columns, ['metadata'], asSampling);
  const metadata = { ...packed, ...Object.fromEntries(columns) };
  columns.clear();
  return { externalId, tags, metadata, split };
}

/** Who judged, when and why. */
export function takeJudge(columns: Columns): Pick<Verdict, 'annotator' | 'submittedAt' | 'rationale'> {
  return {
    annotator: take(columns, ANNOTATOR_COLUMNS, asName),
    submittedAt: take(columns, TIME_COLUMNS, asTime),
    rationale: take(columns, RATIONALE_COLUMNS, (value) => (typeof value === 'string' ? value : null)) ?? '',
  };
}

/** Who judged, when, how strongly and why, and whether the two tied. */
export function takeVerdict(columns: Columns): Verdict {
  return {
    ...takeJudge(columns),
    strength: take(columns, ['strength'], asStrength),
    tie:
      take(columns, ['tie_kind', 'winner', 'preference', 'choice'], asTie) ??
      take(columns, ['tie', 'is_tie'], asTieFlag) ??
      'none',
  };
}

/** The answer with the model and sampling settings that stand in columns named after it, such as "chosen_model". */
export function takeResponse(columns: Columns, text: string, name: string): ParsedResponse {
  const model = take(columns, [`${name}_model`, `${name}-model`, `model_${name}`], asName);
  const sampling = take(columns, [`${name}_sampling`, `sampling_${name}`], asSampling);
  return { text, model, sampling };
}

/** The first of the columns that is there and that `read` understands, taken out; null when there is none. */
export function take<T>(
  columns: Columns,
  names: readonly string[],
  read: (value: JsonValue) => T | null,
): T | null {
  for (const name of names) {
    const value = columns.get(name);
    if (value === undefined) continue;
    const found = read(value);
    if (found === null) continue;
    columns.delete(name);
    return found;
  }
  return null;
}

/** A text or number that names something. */
export function asName(value: JsonValue): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** Sampling settings: an object, or the JSON text of one in a cell of a table. */
export function asSampling(value: JsonValue): Record<string, JsonValue> | null {
  const given = typeof value === 'string' ? parseCell(value) : value;
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? given : null;
}

function asTags(value: JsonValue): string[] | null {
  const isListCell = typeof value === 'string' && value.trim().startsWith('[');
  const list = isListCell ? parseCell(value) : typeof value === 'string' ? value.split(/[,;|]/) : value;
  if (!Array.isArray(list)) return null;
  const names = list.map(asName);
  const isAllNames = names.every(
    (name, i) => name !== null || list[i] === null || typeof list[i] === 'string',
  );
  return isAllNames ? [...new Set(names.filter((name) => name !== null))] : null;
}

const FIRST_TIME = Date.UTC(1990, 0);
const LAST_TIME = Date.UTC(2100, 0);

/** UTC ms from ISO 8601, or from seconds, milliseconds since 1970 as a number. */
function asTime(value: JsonValue): number | null {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  let ms: number;
  if (typeof number === 'number') ms = number < 1e11 ? number * 1000 : number;
  else if (typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value.trim())) ms = Date.parse(value.trim());
  else return null;
  return ms >= FIRST_TIME && ms < LAST_TIME ? Math.round(ms) : null;
}

/** Distance on the scale of three; the sign of a signed scale says which side, which "chosen" says already. */
function asStrength(value: JsonValue): 0 | 1 | 2 | 3 | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  const size = typeof number === 'number' ? Math.abs(number) : Number.NaN;
  return size === 0 || size === 1 || size === 2 || size === 3 ? size : null;
}

const TIES: Record<string, Verdict['tie']> = {
  none: 'none',
  tie: 'equal',
  tied: 'equal',
  draw: 'equal',
  equal: 'equal',
  'a=b': 'equal',
  'both good': 'both_good',
  bothgood: 'both_good',
  'tie (bothgood)': 'both_good',
  'tie (both good)': 'both_good',
  'both bad': 'both_bad',
  bothbad: 'both_bad',
  'tie (bothbad)': 'both_bad', // LMSYS arena
  'tie (both bad)': 'both_bad',
};

/** The kind of tie a verdict in words names; null for words that name something else (a side, say). */
export function asTie(value: JsonValue): Verdict['tie'] | null {
  return typeof value === 'string' ? (TIES[asWords(value)] ?? null) : null;
}

/** A verdict's words, however they are joined and bracketed: "Model_A", "[[A]]", "a-is-better". */
export function asWords(value: string): string {
  return value
    .toLowerCase()
    .replace(/[[\]]/g, '')
    .replace(/[\s_-]+/g, ' ')
    .trim();
}

function asTieFlag(value: JsonValue): Verdict['tie'] | null {
  const word = String(value).trim().toLowerCase();
  if (word === 'true' || word === '1') return 'equal';
  return word === 'false' || word === '0' ? 'none' : asTie(value);
}

/** JSON in a cell of a table; null where it is none. */
export function parseCell(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}
