import type Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { type AuditRecord, appendRecord } from './append-record.ts';
import { captureOf } from './capture.ts';
import { forgetHeads, saveHeads, signDueHead } from './heads.ts';
import { perConnection } from './per-connection.ts';

const lastRecords = perConnection<AuditRecord>('last record');

/** Remembers who acted: rows that are written after a verb's own record are recorded in the same name. */
export function noteRecord(client: Database.Database, record: AuditRecord): void {
  lastRecords.set(client, record);
}

/**
 * From now on no transaction of this connection ends with rows that no audit record vouches for: what the verb's own records
 * left out, because it was written after them or because the verb writes none, gets the record `rows.write`.
 */
export function auditTransactions<Schema extends Record<string, unknown>>(
  db: BetterSQLite3Database<Schema> & { $client: Database.Database },
): void {
  const client = db.$client;
  const capture = captureOf(client);
  if (!capture) return;
  const transaction = db.transaction.bind(db);
  const numTouched = () => [...capture.touched.values()].reduce((sum, keys) => sum + keys.size, 0);
  const audited: typeof db.transaction = (run, config) => {
    const isOutermost = !client.inTransaction;
    const before = numTouched();
    const kept = new Map([...capture.touched].map(([name, keys]) => [name, new Set(keys)]));
    if (isOutermost) lastRecords.delete(client);
    try {
      const done = transaction((tx) => {
        const result = run(tx);
        if (isOutermost && numTouched() > before) recordTheRest(client);
        if (isOutermost) signDueHead(client);
        return result;
      }, config);
      if (isOutermost) saveHeads(client);
      return done;
    } catch (error) {
      // records that vouched for earlier rows are taken back with it
      capture.touched = kept;
      if (isOutermost) forgetHeads(client);
      throw error;
    }
  };
  db.transaction = audited;
}

function recordTheRest(client: Database.Database): void {
  const said = lastRecords.get(client);
  appendRecord(client, {
    at: said?.at ?? Date.now(),
    actor: said?.actor ?? 'system',
    action: 'rows.write',
    subject: said?.subject ?? 'database',
    projectId: said?.projectId ?? null,
    payload: said ? { after: said.seq } : {},
  });
}
