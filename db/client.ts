import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { startCapture } from './audit/capture.ts';
import { auditTransactions } from './audit/transactions.ts';
import { migrateDatabase } from './migrate.ts';
import * as auditHeads from './schema/audit-heads.ts';
import * as auditLog from './schema/audit-log.ts';
import * as auditRows from './schema/audit-rows.ts';
import * as chains from './schema/chains.ts';
import * as counts from './schema/counts.ts';
import * as erasures from './schema/erasures.ts';
import * as imports from './schema/imports.ts';
import * as jobs from './schema/jobs.ts';
import * as judgments from './schema/judgments.ts';
import * as models from './schema/models.ts';
import * as projects from './schema/projects.ts';
import * as prompts from './schema/prompts.ts';
import * as runs from './schema/runs.ts';
import * as snapshots from './schema/snapshots.ts';
import * as tasks from './schema/tasks.ts';
import * as users from './schema/users.ts';
import { MIGRATIONS_FOLDER, readMigrations, readSchemaState } from './schema-state.ts';

const schema = {
  ...auditHeads,
  ...auditLog,
  ...auditRows,
  ...chains,
  ...counts,
  ...erasures,
  ...imports,
  ...jobs,
  ...judgments,
  ...models,
  ...projects,
  ...prompts,
  ...runs,
  ...snapshots,
  ...tasks,
  ...users,
};

export type Db = BetterSQLite3Database<typeof schema> & { $client: Database.Database };

/**
 * Opens (and creates) the database file, brings it to this version's schema (migrate.ts), and returns the connection. WAL lets
 * the web process read while the worker writes; synchronous FULL because an acknowledged judgment must survive a power cut.
 * What the connection writes from then on is recorded in the audit log (audit/capture.ts). `baseline: false` for a copy that is
 * only looked at: rows of an earlier version are then left without digests.
 * @throws SchemaError for a database of a newer version or of another program, which is left as it is
 */
export function openDatabase(
  file: string,
  { migrations = MIGRATIONS_FOLDER, baseline = true }: { migrations?: string; baseline?: boolean } = {},
): Db {
  if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true });
  const client = new Database(file);
  try {
    client.pragma('busy_timeout = 10000');
    readSchemaState(client, { file, migrations: readMigrations(migrations) });
    client.pragma('journal_mode = WAL');
    client.pragma('synchronous = FULL');
    client.pragma('foreign_keys = ON');
    // what is deleted or overwritten leaves no bytes behind: erasures depend on it
    client.pragma('secure_delete = ON');
    migrateDatabase(client, { file, folder: migrations, baseline });
    startCapture(client);
    const db = drizzle(client, { schema }) as Db;
    auditTransactions(db);
    return db;
  } catch (error) {
    client.close();
    throw error;
  }
}
