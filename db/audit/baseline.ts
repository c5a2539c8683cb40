import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import { appendRecord, digestOfLines } from './append-record.ts';
import { EVIDENCE, type Evidence } from './evidence.ts';
import { keySql, rowDigest } from './row-digest.ts';

const PAGE = 2000;

/**
 * Takes over every row as a migration left it: those whose digest is not in the log (rows of a version before 0.7.0, and what a
 * later migration changed) get one, under one record. From here on a change of them is found. Call inside the transaction of
 * the migration. Writes nothing for a database without rows.
 */
export function recordBaseline(
  client: Database.Database,
  { schema, version }: { schema: string; version: string },
): void {
  const last = client.prepare('select max(seq) from audit_log').pluck().get() as number | null;
  const seq = (last ?? 0) + 1;
  const latest = client
    .prepare(
      'select digest, salt from audit_rows where table_name = ? and row_key = ? order by seq desc limit 1',
    )
    .raw();
  const insert = client.prepare(
    'insert into audit_rows (table_name, row_key, seq, digest, salt) values (?, ?, ?, ?, ?)',
  );
  const counts: Record<string, number> = {};
  for (const entry of EVIDENCE) {
    for (const key of keysOf(client, entry)) {
      const known = latest.get(entry.table, key) as [Buffer | null, Buffer | null] | undefined;
      if (known?.[1] && known[0] && rowDigest(client, entry.table, key, known[1])?.equals(known[0])) continue;
      const salt = randomBytes(16);
      const digest = rowDigest(client, entry.table, key, salt);
      if (digest === null) continue;
      insert.run(entry.table, key, seq, digest, salt);
      counts[entry.table] = (counts[entry.table] ?? 0) + 1;
    }
  }
  if (Object.keys(counts).length === 0) return;
  appendRecord(client, {
    ...{ at: Date.now(), actor: 'system', action: 'audit.baseline', subject: 'database', projectId: null },
    payload: { schema, version, counts, recorded: digestOfLines(client, seq) },
  });
}

/** Every key of a table, read a page at a time so that the connection may write meanwhile. */
function* keysOf(client: Database.Database, entry: Evidence): Generator<string> {
  const { table, group } = entry;
  const hasTable = client.prepare(`select 1 from sqlite_master where type = 'table' and name = ?`);
  if (hasTable.get(table) === undefined) return;
  const from = group === null ? `"${table}" t` : `"${group.parent}" t`;
  const settled = group?.settled
    ? ` and (t.status is null or t.status in (${group.settled.map((status) => `'${status}'`).join(', ')}))`
    : '';
  const key = group === null ? keySql(entry, 't') : 't.id';
  const page = client
    .prepare(`select t.rowid, ${key} from ${from} where t.rowid > ?${settled} order by t.rowid limit ${PAGE}`)
    .raw();
  let last = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = page.all(last) as [number, string][];
    for (const [, name] of rows) yield name;
    const end = rows.at(-1);
    if (rows.length < PAGE || !end) return;
    last = end[0];
  }
}
