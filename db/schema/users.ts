import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** A person (or a simulated annotator). The only table with personal data; everything else refers to the id. */
export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  /** lower case; null after erasure */
  email: text('email').unique(),
  name: text('name').notNull(),
  /** argon2id; null for people who come by OIDC only and for simulated annotators */
  passwordHash: text('password_hash'),
  /** the owner of this installation: may do everything in every project */
  isInstanceOwner: integer('is_instance_owner', { mode: 'boolean' }).notNull().default(false),
  isSimulated: integer('is_simulated', { mode: 'boolean' }).notNull().default(false),
  createdAt: integer('created_at').notNull(),
  disabledAt: integer('disabled_at'),
});

/** Sign-in through an OpenID Connect provider. */
export const accounts = sqliteTable(
  'accounts',
  {
    provider: text('provider').notNull(),
    providerAccountId: text('provider_account_id').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.providerAccountId] })],
);

/** Tokens of the CLI and of scripts; only a hash is kept. */
export const apiTokens = sqliteTable(
  'api_tokens',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    name: text('name').notNull(),
    /** sha256 of the token: tokens are 256 random bits, so a slow hash adds nothing */
    tokenHash: text('token_hash').notNull().unique(),
    scopes: text('scopes', { mode: 'json' }).$type<string[]>().notNull(),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
    revokedAt: integer('revoked_at'),
  },
  // list the tokens of one person
  (table) => [index('api_tokens_user').on(table.userId)],
);
