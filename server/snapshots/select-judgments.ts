import type Database from 'better-sqlite3';
import type { Db } from '../../db/client.ts';
import { users } from '../../db/schema/users.ts';
import type { DropReason, SnapshotQuery } from '../../lib/snapshot-query.ts';
import type { Ctx } from '../context.ts';
import { pairAgreement } from '../judgments/pair-agreement.ts';
import { pseudonymFor, pseudonymsOf } from './collect-rows.ts';

export type Selected = {
  id: string;
  source: SnapshotQuery['sources'][number];
  /** null: kept */
  reason: DropReason | null;
};

export type Selection = {
  /** up to `limit` judgments of the project behind `cursor` (an id), in order of id, each with what becomes of it */
  page: (cursor: string, limit: number) => Selected[];
  /** the same for judgments by id; those of other projects are left out */
  of: (ids: readonly string[]) => Selected[];
};

/** A later revision counts, or the file that a judgment came out of says that one did. */
const isSuperseded = (j: string) => `(
  (${j}.annotator_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM judgments later WHERE later.task_id = ${j}.task_id AND later.annotator_id = ${j}.annotator_id
      AND later.revision > ${j}.revision AND later.submitted_at <= @until AND later.rowid <= @upTo))
  OR (${j}.given IS NOT NULL AND ${j}.given ->> '$.superseded' = 1))`;

/** Its person's judgments are withdrawn. */
const isWithdrawn = (j: string) => `${j}.annotator_id IN (
  SELECT user_id FROM withdrawals WHERE project_id = @projectId AND ended_at IS NULL)`;

const AGREEMENT = `(SELECT agreement_share(j.ranking, o.ranking) FROM judgments o
  WHERE o.task_id = j.task_id AND o.id <> j.id AND NOT o.not_rankable AND o.submitted_at <= @until AND o.rowid <= @upTo
    AND o.source IN (SELECT value FROM json_each(@sources)) AND o.erased_at IS NULL
    AND NOT coalesce(${isWithdrawn('o')}, 0) AND NOT ${isSuperseded('o')})`;

const FLAGGED = (param: string) => `EXISTS (SELECT 1 FROM json_each(j.flags) f, json_each(f.value) raised
  WHERE raised.value IN (SELECT value FROM json_each(${param})))`;
const TAGGED = (
  param: string,
) => `(EXISTS (SELECT 1 FROM json_each(p.tags) t WHERE t.value IN (SELECT value FROM json_each(${param})))
  OR (j.given IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(j.given, '$.tags') t
    WHERE t.value IN (SELECT value FROM json_each(${param})))))`;
const HAS_COLUMN = (of: string) => `EXISTS (SELECT 1 FROM ${of} c WHERE c.key = wanted.key
  AND CASE c.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(c.value AS TEXT) END = wanted.value)`;

type Params = Record<string, string | number>;
/** When a condition leaves a judgment out, as SQL, and what fills its parameters in. */
type Condition = { reason: DropReason; drops: string; params: Params };
type Known = { projectId: string; db: Db };

/** Every condition of the language, in the order in which reasons are looked for. The texts are constants; values are parameters. */
const CONDITIONS: {
  [Key in keyof SnapshotQuery]-?: (value: NonNullable<SnapshotQuery[Key]>, known: Known) => Condition;
} = {
  until: (until) => ({ reason: 'after-until', drops: 'j.submitted_at > @until', params: { until } }),
  since: (since) => ({ reason: 'before-since', drops: 'j.submitted_at < @since', params: { since } }),
  sources: (sources) => ({
    reason: 'source',
    drops: 'j.source NOT IN (SELECT value FROM json_each(@sources))',
    params: { sources: JSON.stringify(sources) },
  }),
  importIds: (ids) => ({
    reason: 'import',
    drops: 'j.import_id IS NULL OR j.import_id NOT IN (SELECT value FROM json_each(@importIds))',
    params: { importIds: JSON.stringify(ids) },
  }),
  annotators: (names, known) => ({
    reason: 'annotator',
    drops: `CASE WHEN j.annotator_id IS NULL
      THEN coalesce(j.given ->> '$.annotator', '') NOT IN (SELECT value FROM json_each(@annotators))
      ELSE j.annotator_id NOT IN (SELECT value FROM json_each(@namedIds)) END`,
    params: { annotators: JSON.stringify(names), namedIds: JSON.stringify(idsOf(known, names)) },
  }),
  annotatorIds: (ids) => ({
    reason: 'annotator',
    drops: 'j.annotator_id IS NULL OR j.annotator_id NOT IN (SELECT value FROM json_each(@annotatorIds))',
    params: { annotatorIds: JSON.stringify(ids) },
  }),
  guidelineVersions: (versions) => ({
    reason: 'guideline',
    drops: 'j.guideline_version NOT IN (SELECT value FROM json_each(@guidelineVersions))',
    params: { guidelineVersions: JSON.stringify(versions) },
  }),
  split: (split) => ({ reason: 'split', drops: 'p.split <> @split', params: { split } }),
  tags: ({ any, none }) => someOf('tags', TAGGED, { any, none }),
  metadata: (columns) => ({
    reason: 'metadata',
    drops: `EXISTS (SELECT 1 FROM json_each(@metadata) wanted WHERE NOT (${HAS_COLUMN('json_each(p.metadata)')}
      OR (j.given IS NOT NULL AND ${HAS_COLUMN("json_each(j.given, '$.metadata')")})))`,
    params: { metadata: JSON.stringify(columns) },
  }),
  flags: ({ any, none }) => someOf('flags', FLAGGED, { any, none }),
  strength: (range) => within('strength', 'abs(j.strength)', { name: 'strength', ...range }),
  activeMs: (range) => within('active-time', 'j.active_ms', { name: 'activeMs', ...range }),
  agreement: (range) => within('agreement', 'agreement', { name: 'agreement', ...range }),
};
/** What is asked of every judgment, behind the conditions above. */
const ALWAYS: { reason: DropReason; drops: string }[] = [
  { reason: 'erased', drops: 'j.erased_at IS NOT NULL' },
  { reason: 'withdrawn', drops: isWithdrawn('j') },
  { reason: 'superseded', drops: isSuperseded('j') },
  { reason: 'not-rankable', drops: 'j.not_rankable' },
];

/**
 * What a query makes of the judgments of a project, read a page at a time: each page is one short read. Rows that are committed
 * after `upTo` (a rowid, newestRow below) are as if they were not there, so that pages read one after the other agree.
 */
export function openSelection(
  ctx: Pick<Ctx, 'db'>,
  { projectId, query, upTo }: { projectId: string; query: SnapshotQuery; upTo: number },
): Selection {
  const client = ctx.db.$client;
  offerAgreement(client);
  const params: Params = { projectId, upTo, sources: '[]' };
  const cases: string[] = [];
  const later: string[] = [];
  for (const key of Object.keys(CONDITIONS) as (keyof SnapshotQuery)[]) {
    const value = query[key];
    if (value === undefined || value === null) continue;
    const build = CONDITIONS[key] as (value: unknown, known: Known) => Condition;
    const condition = build(value, { projectId, db: ctx.db });
    Object.assign(params, condition.params);
    // it is about those that count, so it comes behind what is asked of every judgment
    if (key === 'agreement') later.push("WHEN agreement IS NULL THEN 'judged-once'");
    const clause = `WHEN ${condition.drops} THEN '${condition.reason}'`;
    (key === 'agreement' ? later : cases).push(clause);
  }
  cases.push(...ALWAYS.map(({ reason, drops }) => `WHEN ${drops} THEN '${reason}'`));
  const first = `CASE ${cases.join('\n')} END`;
  const reason =
    later.length === 0
      ? `${first} AS reason`
      : `CASE WHEN early IS NOT NULL THEN early ${later.join('\n')} END AS reason`;
  const read = (where: string) => {
    const from = `FROM judgments j ${where}`;
    if (later.length === 0) return client.prepare(`SELECT j.id, j.source, ${reason} ${from}`);
    return client.prepare(
      `SELECT id, source, ${reason} FROM (SELECT id, source, early,
         CASE WHEN early IS NULL THEN ${AGREEMENT} END AS agreement
         FROM (SELECT j.id, j.source, j.task_id, j.ranking, ${first} AS early ${from}) j) ORDER BY id`,
    );
  };
  // joins that no condition needs are left out by SQLite itself
  const joined = 'LEFT JOIN tasks t ON t.id = j.task_id LEFT JOIN prompts p ON p.id = t.prompt_id';
  const page = read(
    `INDEXED BY judgments_project ${joined} WHERE j.project_id = @projectId AND j.id > @cursor AND j.rowid <= @upTo
     ORDER BY j.id LIMIT @limit`,
  );
  const named = read(
    `${joined} WHERE j.id IN (SELECT value FROM json_each(@ids)) AND j.project_id = @projectId ORDER BY j.id`,
  );
  return {
    page: (cursor, limit) => page.all({ ...params, cursor, limit }) as Selected[],
    of: (ids) => named.all({ ...params, ids: JSON.stringify(ids) }) as Selected[],
  };
}

/** The rowid of the newest judgment there is: judgments are only ever added. 0 where there is none. */
export function newestRow({ db }: Pick<Ctx, 'db'>): number {
  return (db.$client.prepare('SELECT max(rowid) FROM judgments').pluck().get() as number | null) ?? 0;
}

/** For a selection of whatever is there. */
export const EVERY_ROW = Number.MAX_SAFE_INTEGER;

function within(
  reason: DropReason,
  expression: string,
  { name, min, max }: { name: string; min?: number | undefined; max?: number | undefined },
): Condition {
  return {
    reason,
    drops: `${expression} IS NULL${min === undefined ? '' : ` OR ${expression} < @${name}Min`}${max === undefined ? '' : ` OR ${expression} > @${name}Max`}`,
    params: {
      ...(min !== undefined && { [`${name}Min`]: min }),
      ...(max !== undefined && { [`${name}Max`]: max }),
    },
  };
}

function someOf(
  reason: 'tags' | 'flags',
  has: (param: string) => string,
  { any, none }: { any?: readonly string[] | undefined; none?: readonly string[] | undefined },
): Condition {
  const drops = [...(any ? [`NOT ${has(`@${reason}Any`)}`] : []), ...(none ? [has(`@${reason}None`)] : [])];
  return {
    reason,
    drops: drops.join(' OR '),
    params: {
      ...(any && { [`${reason}Any`]: JSON.stringify(any) }),
      ...(none && { [`${reason}None`]: JSON.stringify(none) }),
    },
  };
}

/** Ids of the people who go by these names in a project. */
function idsOf({ projectId, db }: Known, names: readonly string[]): string[] {
  const wanted = new Set(names);
  const pseudonyms = pseudonymsOf({ db }, projectId);
  const members = [...pseudonyms].filter(([, pseudonym]) => wanted.has(pseudonym)).map(([id]) => id);
  // people who judged without being members have names of their own, which only their ids give
  if (!names.some((name) => /^X[0-9a-f]{8}$/.test(name))) return members;
  const strangers = db
    .select({ id: users.id })
    .from(users)
    .all()
    .filter(({ id }) => !pseudonyms.has(id) && wanted.has(pseudonymFor({ projectId, pseudonyms }, id)));
  return [...members, ...strangers.map(({ id }) => id)];
}

const offered = new WeakSet<Database.Database>();

/** The share of pairs that other rankings order in the same way, as a function of SQL; NULL where no pair can be compared. */
function offerAgreement(client: Database.Database): void {
  if (offered.has(client)) return;
  offered.add(client);
  client.aggregate('agreement_share', {
    start: () => ({ same: 0, of: 0 }),
    // the library takes the number of arguments from the function; its types know of one
    step: ((sum: { same: number; of: number }, mine: string, theirs: string) => {
      const { same, of } = pairAgreement(JSON.parse(mine) as string[][], JSON.parse(theirs) as string[][]);
      return { same: sum.same + same, of: sum.of + of };
    }) as never,
    result: ({ same, of }: { same: number; of: number }) => (of === 0 ? null : same / of),
  });
}
