import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { projects } from './projects.ts';

export const models = sqliteTable(
  'models',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    name: text('name').notNull(),
    kind: text('kind', { enum: ['language-model', 'reward-model'] }).notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [uniqueIndex('models_name').on(table.projectId, table.name)],
);

export const REGISTERED_KINDS = ['language-model', 'reward-model', 'adapter'] as const;
export type RegisteredKind = (typeof REGISTERED_KINDS)[number];

/** Where a model that was not trained here came from. */
export type ModelSource =
  | { from: 'hub'; name: string; revision: string }
  /** `folder` as it was named: below one of the operator's roots, or on the command line */
  | { from: 'folder'; folder: string }
  | { from: 'upload'; files: string[] };

/** What is kept of a registered model besides its files. */
export type CheckpointOrigin = {
  source: ModelSource;
  kind: RegisteredKind;
  /** commit on the hub; null for what has no revision */
  revision: string | null;
  /** from the model card, or as given by hand; null when neither says */
  licence: string | null;
  architecture: string;
  parameters: number;
  /** of an adapter: the manifest of the base that it was merged into */
  baseManifestSha256: string | null;
  /** what it gave when it was checked: the answer of a language model, the score of a reward model */
  sample: { prompt: string; response: string; score: number | null };
};

/** One immutable folder of weights. */
export const checkpoints = sqliteTable(
  'checkpoints',
  {
    id: text('id').primaryKey(),
    modelId: text('model_id')
      .notNull()
      .references(() => models.id),
    /** the checkpoint this one was trained from */
    parentId: text('parent_id'),
    /** for a policy trained by PPO: the reward model that scored it */
    rewardCheckpointId: text('reward_checkpoint_id'),
    snapshotId: text('snapshot_id'),
    runId: text('run_id'),
    step: integer('step').notNull(),
    /** folder below the data folder, or the bundled model's */
    folder: text('folder').notNull(),
    manifestSha256: text('manifest_sha256').notNull(),
    /** of a registered model; null for what was trained here and for the bundled one */
    origin: text('origin', { mode: 'json' }).$type<CheckpointOrigin>(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('checkpoints_model').on(table.modelId), index('checkpoints_run').on(table.runId)],
);

export const REGISTRATION_STATUSES = [
  'uploading',
  'queued',
  'running',
  'done',
  'failed',
  'cancelled',
] as const;

/** A model of somebody's own on its way to being a checkpoint: fetched, checked, then registered or refused with a reason. */
export const registrations = sqliteTable(
  'registrations',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    modelName: text('model_name').notNull(),
    /** null: as its config.json says */
    kind: text('kind', { enum: REGISTERED_KINDS }),
    source: text('source', { mode: 'json' }).$type<ModelSource>().notNull(),
    /** of an adapter: what it was trained on */
    baseCheckpointId: text('base_checkpoint_id'),
    /** given by hand; else what the model card says, once that was read */
    licence: text('licence'),
    /** commit on the hub, once it is known */
    revision: text('revision'),
    status: text('status', { enum: REGISTRATION_STATUSES }).notNull(),
    /** what is being done, in words */
    phase: text('phase').notNull(),
    doneBytes: integer('done_bytes').notNull().default(0),
    totalBytes: integer('total_bytes').notNull().default(0),
    checkpointId: text('checkpoint_id'),
    error: text('error'),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
  },
  (table) => [index('registrations_project').on(table.projectId, table.id)],
);
