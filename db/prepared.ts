import { getTableColumns, type Placeholder, sql } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { Db } from './client.ts';

const kept = new WeakMap<Db, Map<unknown, unknown>>();

/**
 * A statement built once for each connection. Building a query costs several times as much as running it, which counts
 * where thousands of rows come in. `build` must be a constant of its module: it is the key.
 */
export function prepared<Statement>(db: Db, build: (db: Db) => Statement): Statement {
  let statements = kept.get(db);
  if (!statements) {
    statements = new Map();
    kept.set(db, statements);
  }
  const known = statements.get(build) as Statement | undefined;
  if (known) return known;
  const statement = build(db);
  statements.set(build, statement);
  return statement;
}

/** Values of an insert that are all filled in when it runs: every column must then be given, null where there is nothing. */
export function everyColumn<Table extends SQLiteTable>(table: Table): Record<string, Placeholder> {
  return Object.fromEntries(Object.keys(getTableColumns(table)).map((name) => [name, sql.placeholder(name)]));
}
