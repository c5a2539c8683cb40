import { index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { RecipeName } from '../../trainer/config/recipes.ts';
import type { Sample } from '../../trainer/events.ts';
import { projects } from './projects.ts';

export const RUN_STATUSES = ['queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** One execution of a recipe. */
export const runs = sqliteTable(
  'runs',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    recipe: text('recipe').$type<RecipeName>().notNull(),
    name: text('name').notNull(),
    status: text('status', { enum: RUN_STATUSES }).notNull(),
    /** resolved config, parsed by trainer/config */
    config: text('config', { mode: 'json' }).$type<unknown>().notNull(),
    backend: text('backend'),
    /** the processor or GPU that it ran on */
    device: text('device'),
    modelCheckpointId: text('model_checkpoint_id'),
    rewardCheckpointId: text('reward_checkpoint_id'),
    snapshotId: text('snapshot_id'),
    scheduleId: text('schedule_id'),
    folder: text('folder').notNull(),
    step: integer('step').notNull().default(0),
    totalSteps: integer('total_steps'),
    summary: text('summary', { mode: 'json' }).$type<Record<string, number>>(),
    resultCheckpointId: text('result_checkpoint_id'),
    error: text('error'),
    /** what people write beside it; null where nobody has */
    notes: text('notes'),
    tags: text('tags', { mode: 'json' }).$type<string[]>(),
    /** the figure that it is known by (first of its recipe's headlines): runs are sorted by it */
    headline: real('headline'),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
  },
  (table) => [
    index('runs_project').on(table.projectId, table.id),
    index('runs_name').on(table.projectId, table.name, table.id),
    index('runs_headline').on(table.projectId, table.headline, table.id),
  ],
);

/** One logged number. Pages follow by id. After a resume, rows of steps past the checkpoint are deleted first. */
export const runMetrics = sqliteTable(
  'run_metrics',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    runId: text('run_id')
      .notNull()
      .references(() => runs.id),
    step: integer('step').notNull(),
    name: text('name').notNull(),
    value: real('value'),
  },
  (table) => [
    index('run_metrics_follow').on(table.runId, table.id),
    index('run_metrics_step').on(table.runId, table.step),
  ],
);

/** What a model wrote on the way, and what was measured of it. Rewound with the metrics at a resume. */
export const runSamples = sqliteTable(
  'run_samples',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    runId: text('run_id')
      .notNull()
      .references(() => runs.id),
    step: integer('step').notNull(),
    sample: text('sample', { mode: 'json' }).$type<Sample>().notNull(),
  },
  (table) => [index('run_samples_run').on(table.runId, table.step)],
);

/** Everything else a run says: plan, self-checks, checkpoints, warnings, errors, state changes. */
export const runEvents = sqliteTable(
  'run_events',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    runId: text('run_id')
      .notNull()
      .references(() => runs.id),
    at: integer('at').notNull(),
    type: text('type').notNull(),
    payload: text('payload', { mode: 'json' }).$type<unknown>().notNull(),
  },
  (table) => [index('run_events_run').on(table.runId, table.id)],
);
