/**
 * The language in which a selection of judgments is asked for: the same on the page, in the API, for `npm run export -- --query` and
 * in the manifest. A condition that is not named lets everything through; those that are named must all hold.
 */
import { z } from 'zod';
import { RESPONSE_FLAGS } from './response-flags.ts';
import { inputText } from './well-formed.ts';

export const QUERY_SOURCES = ['annotator', 'simulated', 'imported'] as const;
const MAX_LISTED = 1000;
const NO_TIME_LATER = 8_640_000_000_000_000; // the last time that a Date can say

const name = inputText().min(1).max(500);
const time = z.number().int().min(0).max(NO_TIME_LATER);
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(MAX_LISTED);

/** From `min` up to `max`, both included; one of them at least. */
function rangeOf(bound: z.ZodNumber) {
  return z
    .strictObject({ min: bound.optional(), max: bound.optional() })
    .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected "min", "max" or both')
    .refine(({ min, max }) => min === undefined || max === undefined || min <= max, '"min" is above "max"');
}

/** At least one of `any`, and not one of `none`; one of the two lists at least. */
function someOf<Item extends z.ZodType>(item: Item) {
  return z
    .strictObject({ any: listOf(item).optional(), none: listOf(item).optional() })
    .refine(({ any, none }) => any !== undefined || none !== undefined, 'expected "any", "none" or both');
}

/** Every condition there is. */
export const snapshotConditions = {
  /** whose judgments: people's, simulated annotators', out of files */
  sources: z
    .array(z.enum(QUERY_SOURCES))
    .min(1, 'expected one source of judgments or more')
    .default([...QUERY_SOURCES]),
  /** judged at this time or later, UTC ms */
  since: time.optional(),
  /** judged up to here, UTC ms; the time of asking when not given */
  until: time.optional(),
  /** people by the names that exports have: pseudonyms ("A1"), and as files name them for imported judgments */
  annotators: listOf(name).optional(),
  /** people by id; versions before 0.12 asked so. `annotators` says the same without naming anybody */
  annotatorIds: z.array(inputText().min(1).max(64)).max(10_000).nullable().optional(),
  /** out of these imports; leaves out what was judged here */
  importIds: listOf(inputText().min(1).max(64)).optional(),
  /** versions of the guideline that was shown; imported judgments have 0 */
  guidelineVersions: listOf(z.number().int().min(0)).optional(),
  /** side of the prompt: held-out prompts are never trained on */
  split: z.enum(['train', 'heldout']).optional(),
  /** of the prompt, or of the judgment's own row in a file */
  tags: someOf(name).optional(),
  /** columns of the prompt's row, or of the judgment's own, by name, with their value as text */
  metadata: z
    .record(name, inputText().max(2000))
    .refine((columns) => Object.keys(columns).length > 0, 'expected one column or more')
    .optional(),
  /** raised at any of the responses */
  flags: someOf(z.enum(RESPONSE_FLAGS)).optional(),
  /** how much better the better one is, 0 to 3; judgments without a strength are left out */
  strength: rangeOf(z.number().int().min(0).max(3)).optional(),
  /** time at the task in ms */
  activeMs: rangeOf(z.number().int().min(0)).optional(),
  /**
   * share of pairs of responses, 0 to 1, that the other judgments of the same task order in the same way; those that nobody else
   * judged are left out
   */
  agreement: rangeOf(z.number().min(0).max(1)).optional(),
} as const;

export const snapshotQuerySchema = z.strictObject(snapshotConditions);
export type SnapshotQueryInput = z.input<typeof snapshotQuerySchema>;
/** As a snapshot keeps it: with the time up to which it goes. */
export type SnapshotQuery = z.output<typeof snapshotQuerySchema> & { until: number };

/** Why a judgment is left out, in the order in which reasons are looked for: the first that applies is counted. */
export const DROP_REASONS = [
  'after-until',
  'before-since',
  'source',
  'import',
  'annotator',
  'guideline',
  'split',
  'tags',
  'metadata',
  'flags',
  'strength',
  'active-time',
  'erased',
  'withdrawn',
  'superseded',
  'not-rankable',
  'judged-once',
  'agreement',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What a reason means, in words, after a number of judgments. */
export const DROP_WORDS: Record<DropReason, string> = {
  'after-until': 'judged later',
  'before-since': 'judged earlier',
  source: 'from another source',
  import: 'not out of these imports',
  annotator: 'by somebody else',
  guideline: 'under another guideline version',
  split: 'on the other side of the split',
  tags: 'ruled out by their tags',
  metadata: 'with other metadata',
  flags: 'ruled out by their flags',
  strength: 'with another strength, or none',
  'active-time': 'with another time at the task',
  erased: 'about a text that was erased',
  withdrawn: 'by somebody whose judgments are withdrawn',
  superseded: 'superseded by a correction',
  'not-rankable': 'marked as not rankable',
  'judged-once': 'on which nobody else judged',
  agreement: 'with another agreement',
};

/** These are no matter of the query: raw exports hold such judgments all the same, marked as what they are. */
export const SET_ASIDE = ['superseded', 'not-rankable'] as const satisfies readonly DropReason[];
export type SetAside = (typeof SET_ASIDE)[number];

/** A query in short phrases, one for each condition. `titleOf` names an import. */
export function describeQuery(
  query: SnapshotQueryInput,
  titleOf: (importId: string) => string = (id) => id,
): string[] {
  return (Object.keys(PHRASES) as (keyof Phrases)[]).flatMap((key) => {
    const value = query[key];
    if (value === undefined || value === null) return [];
    const phrase = (PHRASES[key] as (value: unknown, titleOf: (importId: string) => string) => string)(
      value,
      titleOf,
    );
    return phrase === '' ? [] : [phrase];
  });
}

const SOURCE_WORDS = { annotator: 'people', simulated: 'simulated annotators', imported: 'files' };
type Phrases = {
  [Key in keyof SnapshotQueryInput]-?: (
    value: NonNullable<SnapshotQueryInput[Key]>,
    titleOf: (importId: string) => string,
  ) => string;
};

const PHRASES: Phrases = {
  sources: (sources) =>
    sources.length === QUERY_SOURCES.length
      ? 'judgments of every source'
      : `judgments of ${sources.map((source) => SOURCE_WORDS[source]).join(' and ')}`,
  since: (at) => `from ${minuteOf(at)}`,
  until: (at) => `up to ${minuteOf(at)}`,
  annotators: (names) => `by ${listed(names)}`,
  annotatorIds: (ids) => `by ${ids.length === 1 ? 'one person' : `${ids.length} people`}`,
  importIds: (ids, titleOf) => `out of ${listed(ids.map(titleOf))}`,
  guidelineVersions: (versions) => `under guideline version ${listed(versions.map(String))}`,
  split: (side) => (side === 'train' ? 'prompts of the training side' : 'held-out prompts'),
  tags: ({ any, none }) => both(any && `tagged ${listed(any)}`, none && `not tagged ${listed(none)}`),
  metadata: (columns) =>
    `with ${Object.entries(columns)
      .map(([column, value]) => `${column} = ${value}`)
      .join(' and ')}`,
  flags: ({ any, none }) =>
    both(any && `flagged ${flagNames(any)}`, none && `not flagged ${flagNames(none)}`),
  strength: (range) => `strength ${inWords(range)}`,
  activeMs: ({ min, max }) =>
    `${inWords({ min: min === undefined ? min : min / 1000, max: max === undefined ? max : max / 1000 })} s at the task`,
  agreement: ({ min, max }) =>
    `agreement ${inWords({ min: min === undefined ? min : percent(min), max: max === undefined ? max : percent(max) })} %`,
};

const percent = (share: number) => Math.round(share * 1000) / 10;
const minuteOf = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const flagNames = (flags: readonly string[]) => listed(flags.map((flag) => flag.replaceAll('_', ' ')));
const both = (...phrases: (string | undefined)[]) => phrases.filter(Boolean).join(', ');

function listed(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, 5), names.length - 5];
  return `${shown.join(' or ')}${more > 0 ? ` or ${more} more` : ''}`;
}

function inWords({ min, max }: { min?: number | undefined; max?: number | undefined }): string {
  if (min === max) return String(min);
  if (max === undefined) return `${min} or more`;
  return min === undefined ? `${max} or less` : `${min} to ${max}`;
}
