import type Database from 'better-sqlite3';
import { EVIDENCE, type Evidence } from './evidence.ts';
import { perConnection } from './per-connection.ts';
import { keySql } from './row-digest.ts';

/** What a connection has written since its last audit record. */
export type Capture = {
  /** rows by table, that wait for a record to vouch for them */
  touched: Map<string, Set<string>>;
  /** the same, of writes outside any transaction: the program makes none, see the test of all procedures */
  outside: string[];
  /** digests of large groups that were read before the transaction which ends them, by table and key (digest-ahead.ts) */
  ready: Map<string, { salt: Uint8Array; digest: Buffer }>;
};

const captures = perConnection<Capture>('capture');

/** What the connection has written; undefined where it is not watched (opened for reading, or older than audit_rows). */
export function captureOf(client: Database.Database): Capture | undefined {
  return captures.get(client);
}

/**
 * From now on every row of a table in EVIDENCE that this connection writes is noted, by temporary triggers, so that the next
 * audit record carries its digest whichever statement wrote it. Other connections, a sqlite3 shell among them, have no such
 * triggers: what they write differs from the log.
 */
export function startCapture(client: Database.Database): void {
  const hasTable = client.prepare(`select 1 from sqlite_master where type = 'table' and name = ?`).pluck();
  if (hasTable.get('audit_rows') === undefined) return;
  const capture: Capture = { touched: new Map(), outside: [], ready: new Map() };
  captures.set(client, capture);
  client.function('audit_touch', (table: unknown, key: unknown) => {
    const name = String(table);
    const keys = capture.touched.get(name) ?? new Set();
    keys.add(String(key));
    capture.touched.set(name, keys);
    if (!client.inTransaction) capture.outside.push(`${name} ${key}`);
    return null;
  });
  for (const entry of EVIDENCE) {
    if (hasTable.get(entry.table) === undefined) continue;
    for (const statement of triggersOf(client, entry)) client.exec(statement);
  }
}

function triggersOf(client: Database.Database, entry: Evidence): string[] {
  const { table, key, group } = entry;
  const statuses = group?.settled ?? null;
  const present = new Set(
    (client.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name),
  );
  const watched = entry.digested.filter((column) => present.has(column));
  const touch = (row: string) => `select audit_touch('${table}', ${keySql(entry, row)});`;
  const settled = (row: string) =>
    statuses === null || group === null
      ? ''
      : `(select ifnull(status, '${statuses[0]}') from main."${group.parent}" p where p.id = ${row}."${key[0]}") in (${quoted(statuses)})`;
  const when = (...conditions: string[]) => {
    const all = conditions.filter((condition) => condition !== '');
    return all.length === 0 ? '' : ` when ${all.join(' and ')}`;
  };
  const changed = `(${watched.map((column) => `old."${column}" is not new."${column}"`).join(' or ')})`;
  const make = (name: string, event: string, body: string) =>
    `create temp trigger "audit_${table}_${name}" after ${event} begin ${body} end`;
  const triggers = [
    make('insert', `insert on main."${table}"${when(settled('new'))}`, touch('new')),
    make('delete', `delete on main."${table}"${when(settled('old'))}`, touch('old')),
    make(
      'update',
      `update of ${watched.map((column) => `"${column}"`).join(', ')} on main."${table}"${when(changed, settled('new'))}`,
      `${touch('old')} ${touch('new')}`,
    ),
  ];
  if (statuses === null || group === null) return triggers;
  const rests = `new.status in (${quoted(statuses)}) and old.status is not new.status`;
  return [
    ...triggers,
    make(
      'settled',
      `update of status on main."${group.parent}" when ${rests}`,
      `select audit_touch('${table}', new.id);`,
    ),
  ];
}

const quoted = (texts: readonly string[]) => texts.map((text) => `'${text}'`).join(', ');
