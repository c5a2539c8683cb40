import type { SnapshotQueryInput } from '@/lib/snapshot-query.ts';

/** The fields of the form, as they are typed. */
export type QueryDraft = {
  sources: NonNullable<SnapshotQueryInput['sources']>;
  annotators: string;
  importId: string;
  guidelineVersion: string;
  from: string;
  to: string;
  split: '' | 'train' | 'heldout';
  tagsAny: string;
  tagsNone: string;
  column: string;
  columnValue: string;
  flagsAny: Flag[];
  flagsNone: Flag[];
  strengthMin: string;
  strengthMax: string;
  secondsMin: string;
  secondsMax: string;
  agreementMin: string;
  agreementMax: string;
};
type Flag = NonNullable<NonNullable<SnapshotQueryInput['flags']>['any']>[number];

export const EMPTY_DRAFT: QueryDraft = {
  sources: ['annotator', 'simulated', 'imported'],
  ...{ annotators: '', importId: '', guidelineVersion: '', from: '', to: '', split: '' },
  ...{ tagsAny: '', tagsNone: '', column: '', columnValue: '', flagsAny: [], flagsNone: [] },
  ...{ strengthMin: '', strengthMax: '', secondsMin: '', secondsMax: '' },
  ...{ agreementMin: '', agreementMax: '' },
};

/** What the form asks for, in the language of queries. Days are the reader's own. */
export function queryOfDraft(draft: QueryDraft): SnapshotQueryInput {
  const { sources, split, column, columnValue, flagsAny, flagsNone } = draft;
  const said: { [Key in keyof SnapshotQueryInput]: SnapshotQueryInput[Key] | undefined } = {
    sources,
    since: startOfDay(draft.from, 0),
    until: startOfDay(draft.to, 1, -1),
    annotators: listOf(draft.annotators),
    importIds: draft.importId === '' ? undefined : [draft.importId],
    guidelineVersions: draft.guidelineVersion === '' ? undefined : [Number(draft.guidelineVersion)],
    split: split === '' ? undefined : split,
    tags: someOf(listOf(draft.tagsAny), listOf(draft.tagsNone)),
    metadata: column.trim() === '' ? undefined : { [column.trim()]: columnValue },
    flags: someOf(atLeastOne(flagsAny), atLeastOne(flagsNone)),
    strength: rangeOf(draft.strengthMin, draft.strengthMax, 1),
    activeMs: rangeOf(draft.secondsMin, draft.secondsMax, 1000),
    agreement: rangeOf(draft.agreementMin, draft.agreementMax, 0.01),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** How many conditions beside the source the form has. */
export function countConditions(draft: QueryDraft): number {
  return Object.keys(queryOfDraft(draft)).filter((key) => key !== 'sources').length;
}

function listOf(text: string): string[] | undefined {
  return atLeastOne([
    ...new Set(
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  ]);
}

function atLeastOne<Item>(items: Item[]): Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

function someOf<Item>(any: Item[] | undefined, none: Item[] | undefined) {
  return any || none ? { ...(any && { any }), ...(none && { none }) } : undefined;
}

function rangeOf(min: string, max: string, unit: number) {
  const bound = (text: string) => {
    const value = Number(text.trim());
    // whole thousandths: 0.57 of a percentage is not 0.5700000000000001
    return text.trim() === '' || Number.isNaN(value) ? undefined : Math.round(value * unit * 1e6) / 1e6;
  };
  const [low, high] = [bound(min), bound(max)];
  if (low === undefined && high === undefined) return undefined;
  return { ...(low !== undefined && { min: low }), ...(high !== undefined && { max: high }) };
}

function startOfDay(day: string, daysLater: number, shiftMs = 0): number | undefined {
  const [year, month, date] = day.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const at = new Date(year, month - 1, date + daysLater).getTime() + shiftMs;
  return Number.isNaN(at) || at < 0 ? undefined : at;
}
