import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { Db } from './client.ts';

/** Opens an existing database for reading alone: no migration runs, nothing can be written. Throws when it is missing. */
export function openReadOnly(file: string): Db {
  const client = new Database(file, { readonly: true, fileMustExist: true });
  client.pragma('busy_timeout = 10000');
  // no relational queries here, so the schema need not be given
  return drizzle(client) as unknown as Db;
}
