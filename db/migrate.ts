import { rmSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { recordBaseline } from './audit/baseline.ts';
import { dropCounters, installCounters } from './counters.ts';
import { keepCopy } from './keep-copy.ts';
import {
  APPLIED_TABLE,
  type Migration,
  programVersion,
  readMigrations,
  readSchemaState,
  SchemaError,
  versionNumber,
} from './schema-state.ts';

/** how long a process waits for another that is migrating the same file */
const PATIENCE_MS = 15 * 60_000;

/**
 * Brings a database to the schema of this version: all that it lacks in one transaction, after a copy of it was put beside it.
 * Processes that start together take turns, and the later ones find it done. Whatever ends it on the way, the file is as it
 * was: the version before goes on with it. With `baseline` the audit log takes over all rows as they are then. (drizzle's own migrator looks before it locks, so that two would both begin.)
 * @throws SchemaError for a database of a newer version or another program, and when a migration fails
 */
export function migrateDatabase(
  client: Database.Database,
  { file, folder, baseline }: { file: string; folder: string; baseline: boolean },
): void {
  const migrations = readMigrations(folder);
  if (readSchemaState(client, { file, migrations }).pending.length === 0) return;
  const [busyTimeout, foreignKeys] = (['busy_timeout', 'foreign_keys'] as const).map((name) =>
    client.pragma(name, { simple: true }),
  );
  client.pragma(`busy_timeout = ${PATIENCE_MS}`);
  // SQLite changes a table by making another and dropping the first; what refers to it is checked at the end
  client.pragma('foreign_keys = OFF');
  try {
    client
      .transaction(() => {
        const { last, pending } = readSchemaState(client, { file, migrations });
        if (pending.length === 0) return;
        const copy = last === null ? null : keepCopy(file, last.tag);
        try {
          dropCounters(client);
          for (const migration of pending) apply(client, file, migration);
          installCounters(client);
          const now = pending.at(-1)?.tag ?? '';
          if (baseline && hasAuditRows(client))
            recordBaseline(client, { schema: now, version: programVersion() });
          client.pragma(`user_version = ${versionNumber(programVersion())}`);
        } catch (error) {
          // the transaction is taken back, so the file is its own copy
          if (copy !== null) rmSync(copy, { force: true });
          throw error;
        }
      })
      .immediate();
  } finally {
    client.pragma(`foreign_keys = ${foreignKeys}`);
    client.pragma(`busy_timeout = ${busyTimeout}`);
  }
}

/** A test may ask for a schema from before there were digests of rows. */
function hasAuditRows(client: Database.Database): boolean {
  return client.prepare(`select 1 from sqlite_master where name = 'audit_rows'`).get() !== undefined;
}

function apply(client: Database.Database, file: string, migration: Migration): void {
  try {
    for (const statement of migration.statements) client.exec(statement);
    const dangling = client.pragma('foreign_key_check') as { table: string; parent: string }[];
    const [first] = dangling;
    if (first)
      throw new Error(
        `${dangling.length} rows refer to nothing, the first of ${first.table} to ${first.parent}`,
      );
  } catch (cause) {
    throw new SchemaError(
      `${file}: migration ${migration.tag} failed: ${cause instanceof Error ? cause.message : cause}. Nothing was changed; the version that wrote it can go on with it.`,
      { cause },
    );
  }
  client.exec(
    `create table if not exists ${APPLIED_TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`,
  );
  client
    .prepare(`insert into ${APPLIED_TABLE} (hash, created_at) values (?, ?)`)
    .run(migration.hash, migration.when);
}
