import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { type Db, openDatabase } from './client.ts';
import { copyDatabase } from './keep-copy.ts';
import { MIGRATIONS_FOLDER, readMigrations, readSchemaState } from './schema-state.ts';

/**
 * Opens an existing database for reading alone: the file is never written. One of an earlier version is read through a copy
 * that is migrated in a temporary folder. Throws when it is missing, SchemaError when it is of a newer version.
 */
export function openReadOnly(file: string): { db: Db; close: () => void } {
  const client = new Database(file, { readonly: true, fileMustExist: true });
  let scratch: string | null = null;
  try {
    client.pragma('busy_timeout = 10000');
    const state = readSchemaState(client, { file, migrations: readMigrations(MIGRATIONS_FOLDER) });
    // no relational queries here, so the schema need not be given
    if (state.pending.length === 0)
      return { db: drizzle(client) as unknown as Db, close: () => client.close() };
    scratch = mkdtempSync(path.join(tmpdir(), 'plumbline-copy-'));
    const copy = path.join(scratch, path.basename(file));
    copyDatabase(file, copy);
    client.close();
    const db = openDatabase(copy, { baseline: false });
    return { db, close: () => dispose(db.$client, scratch) };
  } catch (error) {
    dispose(client, scratch);
    throw error;
  }
}

function dispose(client: Database.Database, folder: string | null): void {
  client.close();
  if (folder !== null) rmSync(folder, { recursive: true });
}
