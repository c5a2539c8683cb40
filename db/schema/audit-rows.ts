import { blob, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/**
 * What each audit record wrote: one line for each row (or group of rows) of the tables in db/audit/evidence.ts. The record's
 * payload carries the digest of its lines, so that the chain vouches for them. The latest line of a row says what it must be.
 */
export const auditRows = sqliteTable(
  'audit_rows',
  {
    tableName: text('table_name').notNull(),
    rowKey: text('row_key').notNull(),
    /** the audit record that wrote it */
    seq: integer('seq').notNull(),
    /** sha256 over salt and row; null when the record deleted the row */
    digest: blob('digest', { mode: 'buffer' }),
    /** random, so that a digest cannot be guessed back into its text; null once the text was erased */
    salt: blob('salt', { mode: 'buffer' }),
  },
  (table) => [
    primaryKey({ columns: [table.tableName, table.rowKey, table.seq] }),
    index('audit_rows_seq').on(table.seq),
  ],
);
