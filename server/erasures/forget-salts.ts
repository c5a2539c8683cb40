import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';

/** A row, or group of rows, as the audit log names it. */
export type RowKey = { table: string; key: string };

const forget = (db: Db) =>
  db.$client.prepare(
    `update audit_rows set salt = null where table_name = @table and row_key = @key and salt is not null
     and seq < (select max(seq) from audit_rows where table_name = @table and row_key = @key)`,
  );

/**
 * Takes the salts away from the digests of what rows said before they were erased: without them nobody can try texts against the
 * digests. The latest line of a row keeps its own, since the row as it is now is checked by it. Salts are in no digest, so the chain
 * stays as it is. Call in the transaction that erases the rows, after its record: after a kill in between nobody would know which.
 */
export function forgetSalts(db: Db, keys: readonly RowKey[]): void {
  for (const key of keys) prepared(db, forget).run(key);
}
