import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { EXPORT_FORMATS } from '../../lib/export-formats.ts';
import type { SnapshotQuery } from '../../lib/snapshot-query.ts';
import { judgments } from './judgments.ts';
import { projects } from './projects.ts';

export type SnapshotCounts = {
  kept: number;
  /** left out, by reason (lib/snapshot-query.ts) */
  dropped: Record<string, number>;
  /** kept, by source; absent in snapshots made before 0.12 */
  bySource?: Record<string, number>;
};

/** A frozen, numbered selection of judgments. Reward models and DPO train on one of these, never on "the table". */
export const snapshots = sqliteTable(
  'snapshots',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    number: integer('number').notNull(),
    query: text('query', { mode: 'json' }).$type<SnapshotQuery>().notNull(),
    seed: integer('seed').notNull(),
    counts: text('counts', { mode: 'json' }).$type<SnapshotCounts>().notNull(),
    /**
     * 'filling' while the rows of snapshot_judgments are being written behind it: its files are whole, and can be used. null for
     * one that was written with its rows
     */
    status: text('status', { enum: ['filling', 'whole'] }),
    /** folder below the data folder that holds raw.jsonl and manifest.json */
    folder: text('folder').notNull(),
    manifestSha256: text('manifest_sha256').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    /** it held what was erased then: its files are gone */
    erasedAt: integer('erased_at'),
  },
  (table) => [uniqueIndex('snapshots_number').on(table.projectId, table.number)],
);

/** Lineage: which judgments are in a snapshot, and back. */
export const snapshotJudgments = sqliteTable(
  'snapshot_judgments',
  {
    snapshotId: text('snapshot_id')
      .notNull()
      .references(() => snapshots.id),
    judgmentId: text('judgment_id')
      .notNull()
      .references(() => judgments.id),
  },
  (table) => [
    primaryKey({ columns: [table.snapshotId, table.judgmentId] }),
    index('snapshot_judgments_back').on(table.judgmentId),
  ],
);

export const snapshotExports = sqliteTable('exports', {
  id: text('id').primaryKey(),
  snapshotId: text('snapshot_id')
    .notNull()
    .references(() => snapshots.id),
  format: text('format', { enum: EXPORT_FORMATS }).notNull(),
  folder: text('folder').notNull(),
  rows: integer('rows').notNull(),
  manifestSha256: text('manifest_sha256').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  /** with its snapshot */
  erasedAt: integer('erased_at'),
});
