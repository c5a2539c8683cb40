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
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('checkpoints_model').on(table.modelId), index('checkpoints_run').on(table.runId)],
);
