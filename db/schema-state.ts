import { readFileSync } from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';

/** One step of the schema: its name, when it was made (which orders them), and what it does. */
export type Migration = { tag: string; when: number; hash: string; statements: string[] };

export const MIGRATIONS_FOLDER = path.join(process.cwd(), 'db/migrations');
/** drizzle's own table, so that its tools read it */
export const APPLIED_TABLE = '__drizzle_migrations';

/** A database that this version cannot work with, in words for whoever starts the program. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** The migrations that this version knows, oldest first. */
export function readMigrations(folder: string): Migration[] {
  const journal = JSON.parse(readFileSync(path.join(folder, 'meta/_journal.json'), 'utf8')) as {
    entries: { tag: string; when: number }[];
  };
  const files = readMigrationFiles({ migrationsFolder: folder });
  return files.map(({ sql, hash, folderMillis }, index) => ({
    ...{ tag: journal.entries[index]?.tag ?? String(folderMillis), when: folderMillis },
    ...{ hash, statements: sql },
  }));
}

/** The last migration a database has, null for an empty file, and the ones it lacks. */
export type SchemaState = { last: Migration | null; pending: Migration[] };

/** Reads how far a database is. @throws SchemaError for one of a newer version, and for a file of another program */
export function readSchemaState(
  client: Database.Database,
  { file, migrations }: { file: string; migrations: Migration[] },
): SchemaState {
  const applied = appliedTimes(client, file);
  const known = new Set(migrations.map(({ when }) => when));
  const unknown = applied.filter((when) => !known.has(when));
  if (unknown.length > 0) throw new SchemaError(inWords(client, { file, migrations, unknown }));
  const newest = Math.max(...applied, 0);
  return {
    last: migrations.find(({ when }) => when === newest) ?? null,
    pending: migrations.filter(({ when }) => when > newest),
  };
}

function appliedTimes(client: Database.Database, file: string): number[] {
  const tables = client
    .prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'`)
    .pluck()
    .all() as string[];
  if (!tables.includes(APPLIED_TABLE)) {
    if (tables.length === 0) return [];
    throw new SchemaError(
      `${file} is a database of another program: it has the tables ${tables.slice(0, 5).join(', ')} and none that records Plumbline's migrations. Name the data folder of Plumbline with PLUMBLINE_DATA or --data. Nothing was changed.`,
    );
  }
  return (client.prepare(`select created_at from ${APPLIED_TABLE}`).pluck().all() as unknown[]).map(Number);
}

function inWords(
  client: Database.Database,
  { file, migrations, unknown }: { file: string; migrations: Migration[]; unknown: number[] },
): string {
  const day = (when: number) => new Date(when).toISOString().slice(0, 10);
  const writer = versionOf(client.pragma('user_version', { simple: true }) as number);
  const found = `${unknown.length} migration${unknown.length === 1 ? '' : 's'} that this version does not know (the last of ${day(Math.max(...unknown))})`;
  const last = migrations.at(-1);
  const expected = `this is ${programVersion()}, whose schema ends with ${last?.tag} of ${day(last?.when ?? 0)}`;
  return `${file} is newer than this version of Plumbline: it has ${found}${writer === null ? '' : ` and was written by ${writer}`}; ${expected}. Start the version that wrote it or a later one${writer === null ? '' : ` (${writer})`}, or go back to the copy of the database that was kept beside it before the upgrade. Nothing was changed.`;
}

/** The version in package.json. */
export function programVersion(): string {
  return (JSON.parse(readFileSync(path.join(process.cwd(), 'package.json'), 'utf8')) as { version: string })
    .version;
}

/** SQLite keeps one number for the program in the file's header: 1.2.3 is 1002003. */
export function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major * 1_000_000 + minor * 1000 + patch;
}

function versionOf(number: number): string | null {
  if (number === 0) return null;
  return [Math.floor(number / 1_000_000), Math.floor(number / 1000) % 1000, number % 1000].join('.');
}
