import Database from 'better-sqlite3';
import { desc } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { GENESIS_HASH } from '../../db/audit/append-record.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { MIGRATIONS_FOLDER, readMigrations, readSchemaState } from '../../db/schema-state.ts';
import { DomainError } from '../errors.ts';

/** so many pages are copied between two turns of the event loop */
const PAGES_AT_ONCE = 1024;

export type DatabaseCopy = { schema: string; auditHead: { seq: number; hash: string } };

/**
 * Copies a database as it is at this moment into a file of its own, through SQLite's backup API, while others read and write. A read
 * transaction is held meanwhile: without one the copy would begin anew at every write of another process. The copy is one file
 * (no write-ahead log) and was looked through. Throws `invalid` when the database is damaged.
 */
export async function copyDatabaseOnline(
  file: string,
  target: string,
  onProgress: (pages: number, total: number) => void,
): Promise<DatabaseCopy> {
  const source = new Database(file, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    source.exec('begin');
    source.prepare('select count(*) from sqlite_master').get();
    await source.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress(totalPages - remainingPages, totalPages);
        return PAGES_AT_ONCE;
      },
    });
    source.exec('commit');
  } finally {
    source.close();
  }
  return inspect(target);
}

function inspect(file: string): DatabaseCopy {
  const copy = new Database(file, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
    const found = copy.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok')
      throw new DomainError(
        'invalid',
        `The database is damaged, so that a copy of it is no backup: ${found}. Earlier backups were left as they are.`,
      );
    const { last } = readSchemaState(copy, { file, migrations: readMigrations(MIGRATIONS_FOLDER) });
    const head = drizzle(copy)
      .select({ seq: auditLog.seq, hash: auditLog.hash })
      .from(auditLog)
      .orderBy(desc(auditLog.seq))
      .limit(1)
      .get();
    return { schema: last?.tag ?? '', auditHead: head ?? { seq: 0, hash: GENESIS_HASH } };
  } finally {
    copy.close();
  }
}
