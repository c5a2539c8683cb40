import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { projects } from './projects.ts';
import { prompts, responses } from './prompts.ts';
import { users } from './users.ts';

export const TASK_KINDS = ['normal', 'gold', 'repeat', 'calibration'] as const;

/** A prompt with 2-9 of its responses to be judged; with a single one where a file labels answers one by one. */
export const tasks = sqliteTable(
  'tasks',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    promptId: text('prompt_id')
      .notNull()
      .references(() => prompts.id),
    kind: text('kind', { enum: TASK_KINDS }).notNull().default('normal'),
    overlap: integer('overlap').notNull(),
    priority: integer('priority').notNull().default(0),
    /** sha256 over prompt id and sorted response ids: the same question is not asked twice */
    contentHash: text('content_hash').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('tasks_content').on(table.projectId, table.contentHash),
    // a project's tasks, newest first
    index('tasks_project').on(table.projectId, table.id),
    // those that ask about a prompt
    index('tasks_prompt').on(table.promptId, table.id),
  ],
);

export const taskResponses = sqliteTable(
  'task_responses',
  {
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    responseId: text('response_id')
      .notNull()
      .references(() => responses.id),
    /** canonical place, never shown: annotators see a random order of their own */
    position: integer('position').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.taskId, table.responseId] }),
    // who asks about a response
    index('task_responses_back').on(table.responseId),
  ],
);

/** One annotator's place at a task. A task has `overlap` seats. */
export const seats = sqliteTable(
  'seats',
  {
    id: text('id').primaryKey(),
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    /** copies of the task's, so that claiming reads one index */
    priority: integer('priority').notNull().default(0),
    state: text('state', { enum: ['open', 'leased', 'done'] })
      .notNull()
      .default('open'),
    annotatorId: text('annotator_id').references(() => users.id),
    /** sha256 of the lease token */
    leaseTokenHash: text('lease_token_hash'),
    leasedAt: integer('leased_at'),
    leaseExpiresAt: integer('lease_expires_at'),
    /** response ids in the order shown to this annotator */
    shownOrder: text('shown_order', { mode: 'json' }).$type<string[]>(),
  },
  (table) => [
    // the claim query: open or expired seats of a project, highest priority first
    index('seats_claim').on(table.projectId, table.state, sql`${table.priority} desc`, table.id),
    // leases by when they end: the few that ran out are found among all
    index('seats_leases').on(table.projectId, table.leaseExpiresAt).where(sql`state = 'leased'`),
    // the seats of a task
    index('seats_task').on(table.taskId),
    // leases and finished seats of one person
    index('seats_person').on(table.annotatorId, table.projectId, table.state),
    // nobody judges a task twice
    uniqueIndex('seats_annotator').on(table.taskId, table.annotatorId).where(sql`annotator_id is not null`),
  ],
);

/** Tasks an annotator passed over; they are not offered again to that person. */
export const skips = sqliteTable(
  'skips',
  {
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    annotatorId: text('annotator_id')
      .notNull()
      .references(() => users.id),
    reason: text('reason').notNull().default(''),
    at: integer('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.taskId, table.annotatorId] }),
    // what one person passed over
    index('skips_person').on(table.annotatorId),
  ],
);
