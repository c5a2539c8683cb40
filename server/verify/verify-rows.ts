import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { EVIDENCE, type Evidence } from '../../db/audit/evidence.ts';
import { keySql, rowDigest } from '../../db/audit/row-digest.ts';
import type { Db } from '../../db/client.ts';
import type { Findings } from './findings.ts';
import type { Meter } from './progress.ts';

const PAGE = 2000;

type Line = { key: string; seq: number; digest: Buffer | null; salt: Buffer | null };

/**
 * Folds the log over every table in EVIDENCE: the latest line of each row says what it must be. Reports rows that differ, that
 * are gone, and that nobody recorded. Each table is read twice, a page at a time; nothing is held but a page. Returns how many
 * rows, or groups of rows, were found good, by table.
 */
export async function verifyRows(
  db: Db,
  findings: Findings,
  meter: Meter = () => {},
): Promise<Record<string, number>> {
  const good: Record<string, number> = {};
  for (const entry of EVIDENCE) {
    good[entry.table] = await checkLatest(db, { entry, findings, meter });
    await findUnrecorded(db, { entry, findings, meter });
  }
  return good;
}

type Check = { entry: Evidence; findings: Findings; meter: Meter };

async function checkLatest(db: Db, { entry, findings, meter }: Check): Promise<number> {
  const { table } = entry;
  const client = db.$client;
  const isAtWork = unsettled(client, entry);
  const page = client.prepare(
    `select row_key key, seq, digest, salt from audit_rows
     where table_name = ? and (row_key, seq) > (?, ?) order by row_key, seq limit ${PAGE}`,
  );
  let good = 0;
  let latest: Line = { key: '', seq: 0, digest: null, salt: null };
  const settle = ({ key, seq, digest, salt }: Line) => {
    if (key === '' || isAtWork(key)) return;
    const problem = differenceOf(client, table, { key, seq, digest, salt });
    if (problem === null) good += 1;
    else findings.add(problem.kind, nameOf(entry, key), problem.text);
  };
  for (;;) {
    // a line and its row are read as they were at one time: whoever writes meanwhile is no finding
    const numLines = db.transaction(() => {
      const lines = page.all(table, latest.key, latest.seq) as Line[];
      for (const line of lines) {
        if (line.key !== latest.key) settle(latest);
        latest = line;
      }
      if (lines.length < PAGE) settle(latest);
      return lines.length;
    });
    meter(table, numLines);
    if (numLines < PAGE) return good;
    await setImmediate();
  }
}

function differenceOf(
  client: Database.Database,
  table: string,
  { key, seq, digest, salt }: Line,
): { kind: 'row-changed' | 'row-removed' | 'row-added'; text: string } | null {
  const found = rowDigest(client, table, key, salt ?? Buffer.alloc(0));
  if (found === null) {
    return digest === null ? null : { kind: 'row-removed', text: `is gone; audit record ${seq} wrote it` };
  }
  if (digest === null) return { kind: 'row-added', text: `is there; audit record ${seq} deleted it` };
  if (found.equals(digest)) return null;
  return { kind: 'row-changed', text: `differs from what audit record ${seq} wrote` };
}

/** Whether the group of a key still grows: its parent is at work, and gives it a digest when that rests. */
function unsettled(client: Database.Database, { group }: Evidence): (key: string) => boolean {
  if (!group?.settled) return () => false;
  const { settled } = group;
  const status = client.prepare(`select status from "${group.parent}" where id = ?`).pluck();
  return (key) => {
    const found = status.get(key) as string | null | undefined;
    return typeof found === 'string' && !settled.includes(found);
  };
}

async function findUnrecorded(db: Db, { entry, findings, meter }: Check): Promise<void> {
  const { table, group } = entry;
  const client = db.$client;
  const isAtWork = unsettled(client, entry);
  const key = keySql(entry, 't');
  const page = client
    .prepare(`select t.rowid, ${key} from "${table}" t where t.rowid > ? order by t.rowid limit ${PAGE}`)
    .raw();
  const isRecorded = client
    .prepare('select 1 from audit_rows where table_name = ? and row_key = ? limit 1')
    .pluck();
  let last = Number.MIN_SAFE_INTEGER;
  let previous: string | null = null;
  for (;;) {
    const numRows = db.transaction(() => {
      const rows = page.all(last) as [number, string][];
      for (const [rowid, name] of rows) {
        last = rowid;
        // rows of a group lie together: most of its look-ups are saved
        if (group !== null && name === previous) continue;
        previous = name;
        if (isRecorded.get(table, name) !== undefined || isAtWork(name)) continue;
        findings.add('row-added', nameOf(entry, name), 'no audit record wrote it');
      }
      return rows.length;
    });
    meter(table, numRows);
    if (numRows < PAGE) return;
    await setImmediate();
  }
}

function nameOf({ table, group }: Evidence, key: string): string {
  return group === null ? `${table} ${key}` : `${table} of ${key}`;
}
