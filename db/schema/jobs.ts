import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { projects } from './projects.ts';

/** Work for the worker process, claimed with a lease. */
export const jobs = sqliteTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    payload: text('payload', { mode: 'json' }).$type<unknown>().notNull(),
    status: text('status', { enum: ['queued', 'leased', 'paused', 'done', 'failed', 'cancelled'] }).notNull(),
    runId: text('run_id'),
    attempts: integer('attempts').notNull().default(0),
    maxAttempts: integer('max_attempts').notNull().default(3),
    leaseOwner: text('lease_owner'),
    leaseExpiresAt: integer('lease_expires_at'),
    heartbeatAt: integer('heartbeat_at'),
    cancelRequestedAt: integer('cancel_requested_at'),
    pauseRequestedAt: integer('pause_requested_at'),
    /** how far it is, for pages: what it says is the handler's affair */
    progress: text('progress', { mode: 'json' }).$type<unknown>(),
    error: text('error'),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
  },
  (table) => [
    index('jobs_claim').on(table.status, table.id),
    index('jobs_run').on(table.runId, table.kind, table.id),
    index('jobs_kind').on(table.kind, table.id),
  ],
);

/** When a chain begins: every N new judgments, or by cron. */
export const schedules = sqliteTable('schedules', {
  id: text('id').primaryKey(),
  projectId: text('project_id')
    .notNull()
    .references(() => projects.id),
  name: text('name').notNull(),
  trigger: text('trigger', { enum: ['judgments', 'cron'] }).notNull(),
  everyJudgments: integer('every_judgments'),
  cron: text('cron'),
  /** the list of steps, parsed by server/chains/schemas.ts */
  steps: text('steps', { mode: 'json' }).$type<unknown>().notNull(),
  enabled: integer('enabled', { mode: 'boolean' }).notNull().default(true),
  /** number of judgments of the project when it last fired */
  lastCount: integer('last_count').notNull().default(0),
  lastFiredAt: integer('last_fired_at'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
});
