import { integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { ROLES } from '../../lib/roles.ts';
import { users } from './users.ts';

export type ProjectSettings = {
  /** how many annotators judge each new task */
  overlap: number;
  leaseMinutes: number;
  /** share of prompts held out from training, by prompt hash */
  heldOutShare: number;
  askStrength: boolean;
  requireRationale: boolean;
};

export const projects = sqliteTable('projects', {
  id: text('id').primaryKey(),
  /** used in addresses and by the CLI's --project */
  slug: text('slug').notNull().unique(),
  name: text('name').notNull(),
  description: text('description').notNull().default(''),
  settings: text('settings', { mode: 'json' }).$type<ProjectSettings>().notNull(),
  createdBy: text('created_by')
    .notNull()
    .references(() => users.id),
  createdAt: integer('created_at').notNull(),
  /** nothing is written since then, and lists leave it out */
  archivedAt: integer('archived_at'),
  /** when an archived project is deleted with all it has; it can be brought back until then */
  deleteAt: integer('delete_at'),
  /** its data and files are gone; the row stays for the records that name it */
  deletedAt: integer('deleted_at'),
});

export const memberships = sqliteTable(
  'memberships',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    role: text('role', { enum: ROLES }).notNull(),
    /** how exports and auditors see this person: A1, A2 ... */
    pseudonym: text('pseudonym').notNull(),
    createdAt: integer('created_at').notNull(),
    /** no rights since then; the row stays, and with it the pseudonym that judgments go by */
    removedAt: integer('removed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.userId] }),
    uniqueIndex('memberships_pseudonym').on(table.projectId, table.pseudonym),
  ],
);

/** What annotators are told; a judgment records the version it was made under. */
export const guidelines = sqliteTable(
  'guidelines',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    version: integer('version').notNull(),
    text: text('text').notNull(),
    createdBy: text('created_by')
      .notNull()
      .references(() => users.id),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.version] })],
);

/** One-time links: the first one makes the owner of the installation, later ones invite into a project, reset a password or sign a visitor of the demo in. */
export const invites = sqliteTable('invites', {
  id: text('id').primaryKey(),
  kind: text('kind', { enum: ['owner', 'member', 'reset', 'demo'] }).notNull(),
  tokenHash: text('token_hash').notNull().unique(),
  projectId: text('project_id').references(() => projects.id),
  role: text('role', { enum: ROLES }),
  /** whose password a link of the kind `reset` sets, or whom one of the kind `demo` signs in */
  userId: text('user_id').references(() => users.id),
  /** such a link also turns that person's second factor off */
  endsSecondFactor: integer('ends_second_factor', { mode: 'boolean' }).notNull().default(false),
  createdBy: text('created_by').references(() => users.id),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  acceptedAt: integer('accepted_at'),
  acceptedBy: text('accepted_by').references(() => users.id),
  revokedAt: integer('revoked_at'),
});
