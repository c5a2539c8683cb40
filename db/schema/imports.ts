import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { IMPORT_FORMATS } from '../../lib/import-formats.ts';
import { projects } from './projects.ts';
import { users } from './users.ts';

/** One file read into a project. read = accepted + duplicates + sum of rejected. */
export const imports = sqliteTable(
  'imports',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    fileName: text('file_name').notNull(),
    format: text('format', { enum: IMPORT_FORMATS }).notNull(),
    /** of the file's bytes; null until read to the end */
    sha256: text('sha256'),
    status: text('status', { enum: ['queued', 'running', 'done', 'failed'] }).notNull(),
    read: integer('read').notNull().default(0),
    accepted: integer('accepted').notNull().default(0),
    /** rows whose content was here already */
    duplicates: integer('duplicates').notNull().default(0),
    /** count by reason code */
    rejected: text('rejected', { mode: 'json' }).$type<Record<string, number>>().notNull(),
    error: text('error'),
    /** null for imports by the command line, which acts as the system */
    createdBy: text('created_by').references(() => users.id),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
  },
  (table) => [index('imports_project').on(table.projectId)],
);

/** A row that was not taken, kept with its reason so that nothing is dropped in silence. */
export const importRejects = sqliteTable(
  'import_rejects',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    importId: text('import_id')
      .notNull()
      .references(() => imports.id),
    lineNumber: integer('line_number').notNull(),
    reason: text('reason').notNull(),
    detail: text('detail').notNull(),
    /** the row as it came, cut at 4 KiB */
    raw: text('raw').notNull(),
  },
  (table) => [index('import_rejects_import').on(table.importId)],
);
