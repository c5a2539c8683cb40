import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { type Evidence, evidenceOf } from './evidence.ts';

/** Between the parts of a key of several columns: no id has it. */
const KEY_SEPARATOR = ' ';

type Reader = { columns: string[]; select: Database.Statement };
const readers = new WeakMap<Database.Database, Map<string, Reader>>();

/**
 * sha256(salt | table and key | each row), the rows as JSON lists of [column, value] as SQLite holds them, without nulls: a
 * column that is added later changes no digest. null when there is no such row. A group without rows has none either.
 */
export function rowDigest(
  client: Database.Database,
  table: string,
  key: string,
  salt: Uint8Array,
): Buffer | null {
  const hash = beginDigest(table, key, salt);
  let rows = 0;
  for (const row of rowTexts(client, table, key)) {
    rows += 1;
    hash.update(`${row}\n`);
  }
  return rows === 0 ? null : hash.digest();
}

/** The rows that a key names, as they enter their digest. */
export function* rowTexts(client: Database.Database, table: string, key: string): Generator<string> {
  const { columns, select } = readerOf(client, table);
  for (const row of select.iterate(...keyParts(key, evidenceOf(table))) as Iterable<unknown[]>)
    yield rowText(columns, row);
}

/** The digest of rows that are no longer, or not here, in a database: as `rowDigest` makes it. */
export function digestOfRowTexts(
  { table, key, salt }: { table: string; key: string; salt: Uint8Array },
  rows: Iterable<string>,
): Buffer {
  const hash = beginDigest(table, key, salt);
  for (const row of rows) hash.update(`${row}\n`);
  return hash.digest();
}

const beginDigest = (table: string, key: string, salt: Uint8Array) =>
  createHash('sha256')
    .update(salt)
    .update(`${JSON.stringify([table, key])}\n`);

/** One row as it enters its digest. */
export function rowText(columns: readonly string[], row: readonly unknown[]): string {
  const said: [string, unknown][] = [];
  columns.forEach((column, index) => {
    if (row[index] !== null) said.push([column, row[index]]);
  });
  return JSON.stringify(said);
}

/** Columns of a table that have a digest and are there: a database may be older than this program. */
export function digestedColumns(client: Database.Database, entry: Evidence): string[] {
  const present = new Set(
    (client.pragma(`table_info(${entry.table})`) as { name: string }[]).map(({ name }) => name),
  );
  return entry.digested.filter((column) => present.has(column));
}

function readerOf(client: Database.Database, table: string): Reader {
  let known = readers.get(client);
  if (!known) {
    known = new Map();
    readers.set(client, known);
  }
  const reader = known.get(table);
  if (reader) return reader;
  const entry = evidenceOf(table);
  const columns = digestedColumns(client, entry);
  const where = entry.key.map((column) => `"${column}" = ?`).join(' and ');
  const order = entry.group ? ` order by "${entry.group.orderBy}"` : '';
  const select = client
    .prepare(
      `select ${columns.map((column) => `"${column}"`).join(', ')} from "${table}" where ${where}${order}`,
    )
    .raw();
  const made = { columns, select };
  known.set(table, made);
  return made;
}

function keyParts(key: string, { key: columns }: Evidence): string[] {
  const parts = key.split(KEY_SEPARATOR);
  // only the last column may have a space in it: a name that another system gave
  const last = parts.splice(columns.length - 1).join(KEY_SEPARATOR);
  return [...parts, last];
}

/** The key's columns joined, as SQL: the name of a row in audit_rows. */
export function keySql({ key }: Pick<Evidence, 'key'>, row: string): string {
  return key.map((column) => `${row}."${column}"`).join(` || '${KEY_SEPARATOR}' || `);
}
