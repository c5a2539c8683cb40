import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { projects } from './projects.ts';

/** How many rows of a kind a project has, kept by triggers (db/counters.ts), so that no page counts a table that grows. */
export const counts = sqliteTable(
  'counts',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    /** what is counted, for example `seats:open` */
    name: text('name').notNull(),
    n: integer('n').notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.name] })],
);
