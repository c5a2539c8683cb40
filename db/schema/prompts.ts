import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { imports } from './imports.ts';
import { projects } from './projects.ts';

export type Message = { role: 'system' | 'user' | 'assistant'; content: string };

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
    createdAt: integer('created_at').notNull(),
  },
  (table) => [uniqueIndex('prompts_content').on(table.projectId, table.contentHash)],
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
    sampling: text('sampling', { mode: 'json' }).$type<{
      temperature: number;
      maxNewTokens: number;
      seed: number;
    }>(),
    importId: text('import_id').references(() => imports.id),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('responses_content').on(table.promptId, table.contentHash),
    // lineage: what did this checkpoint write
    index('responses_checkpoint').on(table.checkpointId),
  ],
);
