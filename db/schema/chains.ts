import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { projects } from './projects.ts';

export const EXECUTION_STATUSES = ['running', 'paused', 'done', 'failed', 'cancelled'] as const;

/**
 * One going through of a chain. It keeps its own copy of the steps: a schedule that is edited meanwhile changes the next one. Paused
 * means that nothing new is started.
 */
export const chainExecutions = sqliteTable(
  'chain_executions',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    /** stays when the schedule is deleted */
    scheduleId: text('schedule_id').notNull(),
    name: text('name').notNull(),
    status: text('status', { enum: EXECUTION_STATUSES }).notNull(),
    /** parsed by server/chains/schemas.ts */
    steps: text('steps', { mode: 'json' }).$type<unknown>().notNull(),
    /** the checkpoint that each model named by a step had when the chain began: all its steps see the same */
    checkpointOfModel: text('checkpoint_of_model', { mode: 'json' })
      .$type<Record<string, string>>()
      .notNull(),
    /** judgments of the project when it began */
    judgmentCount: integer('judgment_count').notNull(),
    error: text('error'),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
  },
  (table) => [index('chain_executions_schedule').on(table.scheduleId, table.id)],
);

export const STEP_STATUSES = [
  'waiting',
  'running',
  'paused',
  'done',
  'skipped',
  'failed',
  'cancelled',
] as const;

/** Where an execution stands at each of its steps. A step is found by the run or the job that does it. */
export const chainSteps = sqliteTable(
  'chain_steps',
  {
    id: text('id').primaryKey(),
    executionId: text('execution_id')
      .notNull()
      .references(() => chainExecutions.id),
    /** index in the execution's list */
    position: integer('position').notNull(),
    key: text('key').notNull(),
    status: text('status', { enum: STEP_STATUSES }).notNull(),
    jobId: text('job_id'),
    runId: text('run_id'),
    /** what it left */
    snapshotId: text('snapshot_id'),
    checkpointId: text('checkpoint_id'),
    figures: text('figures', { mode: 'json' }).$type<Record<string, number>>(),
    /** why it was skipped, with the numbers, or why it failed */
    reason: text('reason'),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
  },
  (table) => [
    uniqueIndex('chain_steps_position').on(table.executionId, table.position),
    uniqueIndex('chain_steps_job').on(table.jobId),
    uniqueIndex('chain_steps_run').on(table.runId),
  ],
);
