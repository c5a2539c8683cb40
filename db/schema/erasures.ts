import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { projects } from './projects.ts';
import { users } from './users.ts';

export const ERASED_KINDS = ['person', 'prompt', 'response'] as const;

/** What an erasure took along. */
export type ErasureResult = {
  snapshots: number;
  exports: number;
  judgments: number;
  /** files that were removed or rewritten */
  files: number;
  /** files below the data folder that hold it still and that no erasure may change: somebody's own model, say */
  leftIn: string[];
};

/** Texts and people that were erased on request: what, why, by whom. The rows themselves stay, with nothing in them. */
export const erasures = sqliteTable(
  'erasures',
  {
    id: text('id').primaryKey(),
    kind: text('kind', { enum: ERASED_KINDS }).notNull(),
    subjectId: text('subject_id').notNull(),
    /** null for a person: they are of the installation */
    projectId: text('project_id').references(() => projects.id),
    /** stays for good, and is shown: no personal data */
    reason: text('reason').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    /** when the last trace was removed; null while the worker has it in hand */
    doneAt: integer('done_at'),
    result: text('result', { mode: 'json' }).$type<ErasureResult>(),
  },
  (table) => [index('erasures_subject').on(table.subjectId), index('erasures_open').on(table.doneAt)],
);

/** People whose judgments in a project no later snapshot holds. */
export const withdrawals = sqliteTable(
  'withdrawals',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    reason: text('reason').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    /** taken back then: their judgments count again */
    endedAt: integer('ended_at'),
  },
  (table) => [index('withdrawals_person').on(table.projectId, table.userId)],
);
