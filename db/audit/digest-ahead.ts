import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { captureOf } from './capture.ts';
import { evidenceOf } from './evidence.ts';
import { digestedColumns, rowText } from './row-digest.ts';

const PAGE = 2000;

/**
 * The digest of a group, read in short pages before the transaction that settles it, which then need not read the group: call
 * `forget` when that is over. Whoever calls must be sure that no row of the group is written meanwhile. For groups that are ordered by
 * a text.
 */
export async function digestAhead(
  client: Database.Database,
  { table, key, salt }: { table: string; key: string; salt: Uint8Array },
): Promise<{ forget: () => void }> {
  const entry = evidenceOf(table);
  const capture = captureOf(client);
  if (!entry.group || !capture)
    throw new Error(`"${table}" has no groups, or the connection records nothing`);
  const columns = digestedColumns(client, entry);
  const { orderBy } = entry.group;
  const page = client
    .prepare(
      `select ${columns.map((column) => `"${column}"`).join(', ')} from "${table}" where "${entry.key[0]}" = ? and "${orderBy}" > ?
       order by "${orderBy}" limit ${PAGE}`,
    )
    .raw();
  const at = columns.indexOf(orderBy);
  const hash = createHash('sha256')
    .update(salt)
    .update(`${JSON.stringify([table, key])}\n`);
  for (let last: unknown = ''; ; ) {
    const rows = page.all(key, last) as unknown[][];
    for (const row of rows) hash.update(`${rowText(columns, row)}\n`);
    last = rows.at(-1)?.[at];
    if (rows.length < PAGE) break;
    await nextTurn();
  }
  capture.ready.set(`${table} ${key}`, { salt, digest: hash.digest() });
  return { forget: () => capture.ready.delete(`${table} ${key}`) };
}
