/** Every statement that is prepared, and whether its plan grows with the database. */
import Database from 'better-sqlite3';

/**
 * Tables that people fill one by one, or of which there are as many as people, models and backups: a statement may read one
 * whole. All others grow with data or with time.
 */
const SMALL: readonly string[] = [
  ...['accounts', 'api_tokens', 'guidelines', 'invites', 'memberships', 'projects', 'users'],
  ...['checkpoints', 'models', 'registrations', 'schedules', 'recovery_codes', 'imports', 'erasures'],
  'withdrawals',
  ...['runs', 'snapshots', 'exports', 'chain_executions', 'chain_steps', 'counts'],
  '__drizzle_migrations',
];

/** Equal to one of these, few rows are left: those of one task, one prompt, one record, one run's step. */
const NARROW: readonly string[] = [
  ...['id', 'rowid', 'task_id', 'prompt_id', 'response_id', 'judgment_id', 'content_hash', 'token_hash'],
  ...['seq', 'hash', 'subject', 'row_key', 'idempotency_key', 'position', 'run_id', 'email', 'code_hash'],
];

/**
 * Statements that may read more than a page waits for, each with its reason; told by a part of their text. What is in this
 * list runs in the worker or on the command line, a batch at a time, or reads what few rows have.
 */
export const EXCEPTIONS: readonly { part: string; reason: string }[] = [
  {
    part: `"seats"."annotator_id" = ? and "seats"."project_id" = ? and "seats"."state" = ?`,
    reason: 'the leases of one person: eleven live ones at most',
  },
  {
    part: `UPDATE seats SET state = 'leased'`,
    reason: 'sorts what few leases ran out, and the better of two seats',
  },
  {
    part: 'SELECT min(count(*), 500)',
    reason: 'counts to five hundred, along an index, and leaves',
  },
  {
    part: 'FROM seats INDEXED BY seats_leases',
    reason: 'leases that ran out: as many as people left unfinished',
  },
  { part: '"sessions"."user_id" = ?', reason: 'the sessions of one person' },
  {
    part: `"jobs"."status" in (`,
    reason: 'jobs that have not ended',
  },
  {
    part: `json_extract("jobs"."payload", '$.registrationId')`,
    reason: 'jobs that add a model: as many as models',
  },
  { part: 'ORDER BY id DESC LIMIT 1000)', reason: 'the mean of the last thousand' },
  { part: 'ORDER BY judgment_id DESC LIMIT 1000)', reason: 'the mean of the last thousand' },
  // of the snapshots' pages and of the worker that makes them
  { part: 'from "snapshot_judgments"', reason: 'reads a snapshot' },
  // erasures: rare, and of what one person wrote, or in batches
  { part: 'order by q.id limit 500', reason: 'looks for an erased text, in batches' },
  { part: 'select "id", "rationale" from "judgments"', reason: 'erases a person' },
  { part: 'select distinct "project_id" from "judgments"', reason: 'erases a person' },
  { part: 'where "skips"."annotator_id" = ?', reason: 'erases a person' },
  { part: 'where ("seats"."annotator_id" = ? and "seats"."state" = ?)', reason: 'erases a person' },
  {
    part: 'count(*) AS judgments, s.counts',
    reason: 'counts what one person has judged, by snapshot: that person’s page does not wait for it',
  },
  // the check of the whole folder
  { part: 'from "audit_heads"', reason: 'the check: every signed head, one for 256 records' },
  { part: `action = 'audit.baseline'`, reason: 'the check' },
  { part: `select 'seat ' || `, reason: 'the check' },
  { part: `select 'judgment ' || `, reason: 'the check' },
  { part: `select 'count ' || `, reason: 'the check' },
];

/** The texts of all statements prepared from now on, by any connection of this process. */
export function collectStatements(): Set<string> {
  const statements = new Set<string>();
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function (this: Database.Database, sql: string) {
    statements.add(sql);
    return prepare.call(this, sql);
  } as typeof prepare;
  return statements;
}

const isSort = ({ detail }: Step) => detail.startsWith('USE TEMP B-TREE');

type Step = { id: number; parent: number; detail: string };

/** What of a statement's plan grows with the database, in words; null when nothing does. */
export function growthOf(client: Database.Database, sql: string): string | null {
  // an insert looks its children up only while a foreign key is violated
  if (!/^\s*(select|update|delete|with)\b/i.test(sql)) return null;
  const steps = client.prepare(`explain query plan ${sql}`).all(...nulls(client, sql)) as Step[];
  const tables = namesOf(client, sql);
  const problems: string[] = [];
  const isLimited = /\blimit\b/i.test(sql);
  // the first or last rows of an index
  const isFirstRows = isLimited && !/\bwhere\b/i.test(sql) && !steps.some(isSort);
  for (const { detail } of steps) {
    const scan = /^SCAN (\S+)(?! *VIRTUAL)/.exec(detail);
    if (scan && isGrowing(tables, scan[1] ?? '') && !isFirstRows) problems.push(detail);
  }
  const wide = steps.filter(({ detail }) => {
    const search = /^SEARCH (\S+) USING .*\((.*)\)$/.exec(detail);
    if (!search || !isGrowing(tables, search[1] ?? '')) return false;
    const by = search[2] ?? '';
    // a page of rows, from one id to another
    if (/\b(\w+)>\? AND \1<\?/.test(by)) return false;
    return !NARROW.some((column) => new RegExp(`(^|AND )${column}=\\?`).test(by));
  });
  const sorted = steps.filter(isSort);
  const isAggregate = /\b(count|sum|avg|min|max|group_concat)\s*\(|\bgroup by\b/i.test(
    withoutSubqueries(sql),
  );
  if (wide.length > 0 && (!isLimited || sorted.length > 0 || isAggregate))
    problems.push(...wide.map(({ detail }) => detail), ...sorted.map(({ detail }) => detail));
  return problems.length === 0 ? null : problems.join('; ');
}

/** What a statement says outside parentheses that hold another select. */
function withoutSubqueries(sql: string): string {
  const inner = /\(\s*select\b[^()]*(\([^()]*(\([^()]*\)[^()]*)*\)[^()]*)*\)/gi;
  return sql.replace(inner, '');
}

/** The exception that a statement is, if any. */
export function exceptionFor(sql: string): string | undefined {
  const said = sql.replace(/\s+/g, ' ');
  return EXCEPTIONS.find(({ part }) => said.includes(part))?.part;
}

/** Table names by the names that the plan uses: aliases, or the tables' own. */
function namesOf(client: Database.Database, sql: string): Map<string, string> {
  const all = client.prepare(`select name from sqlite_master where type = 'table'`).pluck().all() as string[];
  const names = new Map(all.map((name) => [name, name]));
  const alias = /(?:from|join|update|into|,)\s+"?(\w+)"?(?:\s+as)?\s+"?(\w+)"?/gi;
  for (const [, table = '', name = ''] of sql.matchAll(alias))
    if (all.includes(table) && !names.has(name)) names.set(name, table);
  return names;
}

function isGrowing(names: Map<string, string>, name: string): boolean {
  const table = names.get(name);
  return table !== undefined && !SMALL.includes(table) && !table.startsWith('sqlite_');
}

/** Parameters do not change a plan here: no ANALYZE has been run. */
function nulls(client: Database.Database, sql: string): unknown[] {
  const named = [...new Set([...sql.matchAll(/@(\w+)/g)].map(([, name]) => name as string))];
  if (named.length > 0) return [Object.fromEntries(named.map((name) => [name, null]))];
  for (let count = 0; ; count++) {
    try {
      client.prepare(`explain query plan ${sql}`).all(...Array(count).fill(null));
      return Array(count).fill(null);
    } catch (error) {
      if (!(error instanceof RangeError) || count > 200) throw error;
    }
  }
}
