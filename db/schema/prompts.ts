import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { JsonValue } from '../../lib/formats/parsed-row.ts';
import { imports } from './imports.ts';
import { projects } from './projects.ts';

export type Message = { role: 'system' | 'user' | 'assistant'; content: string };
/** How a response was drawn: these three for generated ones, whatever the file says for imported ones. */
export type Sampling = { [setting: string]: JsonValue };

export const prompts = sqliteTable(
  'prompts',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    messages: text('messages', { mode: 'json' }).$type<Message[]>().notNull(),
    /** sha256 of the canonical JSON of messages */
    contentHash: text('content_hash').notNull(),
    /** decided by hash, see trainer/data/split-by-prompt.ts: the same prompt is always on the same side */
    split: text('split', { enum: ['train', 'heldout'] }).notNull(),
    importId: text('import_id').references(() => imports.id),
    /** what the file calls this prompt, for whoever looks it up there */
    externalId: text('external_id'),
    tags: text('tags', { mode: 'json' }).$type<string[]>().notNull().default([]),
    /** the other columns of its row */
    metadata: text('metadata', { mode: 'json' }).$type<Record<string, JsonValue>>().notNull().default({}),
    /** sha256 of the canonical JSON of externalId, tags and metadata; null where none of them was ever given */
    detailsHash: text('details_hash'),
    createdAt: integer('created_at').notNull(),
    /** its text, hashes and details are gone since then */
    erasedAt: integer('erased_at'),
  },
  (table) => [
    uniqueIndex('prompts_content').on(table.projectId, table.contentHash),
    // a project's prompts, newest first
    index('prompts_project').on(table.projectId, table.id),
  ],
);

export const responses = sqliteTable(
  'responses',
  {
    id: text('id').primaryKey(),
    promptId: text('prompt_id')
      .notNull()
      .references(() => prompts.id),
    content: text('content').notNull(),
    contentHash: text('content_hash').notNull(),
    origin: text('origin', { enum: ['imported', 'generated'] }).notNull(),
    /** the checkpoint that wrote it, for generated ones; no foreign key: checkpoints may come from elsewhere */
    checkpointId: text('checkpoint_id'),
    /** name of the model that wrote it, for imported ones whose file says it */
    model: text('model'),
    sampling: text('sampling', { mode: 'json' }).$type<Sampling>(),
    /** imported ones: sha256 of the canonical JSON of model and sampling; null where neither was ever given */
    detailsHash: text('details_hash'),
    importId: text('import_id').references(() => imports.id),
    createdAt: integer('created_at').notNull(),
    /** its text and hashes are gone since then */
    erasedAt: integer('erased_at'),
  },
  (table) => [
    uniqueIndex('responses_content').on(table.promptId, table.contentHash),
    // lineage: what did this checkpoint write
    index('responses_checkpoint').on(table.checkpointId),
  ],
);
