import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import * as auditLog from './schema/audit-log.ts';
import * as chains from './schema/chains.ts';
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

const schema = {
  ...auditLog,
  ...chains,
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
 * Opens (and creates) the database file, applies the migrations, and returns the connection. WAL lets the web process read
 * while the worker writes; synchronous FULL because an acknowledged judgment must survive a power cut.
 */
export function openDatabase(file: string): Db {
  if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true });
  const client = new Database(file);
  client.pragma('busy_timeout = 10000');
  client.pragma('journal_mode = WAL');
  client.pragma('synchronous = FULL');
  client.pragma('foreign_keys = ON');
  const db = drizzle(client, { schema }) as Db;
  migrate(db, { migrationsFolder: path.join(process.cwd(), 'db/migrations') });
  return db;
}
