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
  /** name, mail and all that signs in are gone since then */
  erasedAt: integer('erased_at'),
  /** second factor (TOTP), encrypted with a key of the session secret; waits for its first code while totpSince is null */
  totpSecret: text('totp_secret'),
  totpSince: integer('totp_since'),
  /** the last 30 s step whose code was used: none is taken twice */
  totpLastStep: integer('totp_last_step'),
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

/** Why a session ended before its time. */
export const SESSION_ENDS = [
  'sign-out',
  'ended',
  'everywhere',
  'password-change',
  'password-reset',
  'disabled',
] as const;

/** Where people are signed in: the cookie names a row, and is worth nothing once that has ended. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    createdAt: integer('created_at').notNull(),
    /** to the minute */
    lastSeenAt: integer('last_seen_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    endedAt: integer('ended_at'),
    endReason: text('end_reason', { enum: SESSION_ENDS }),
    /** browser and system, shortened: for the person to know their devices by */
    userAgent: text('user_agent').notNull().default(''),
    /** keyed hash of person and address: tells that somebody came from there before, not where it is */
    addressHash: text('address_hash').notNull().default(''),
  },
  (table) => [
    // the living ones of a person, and whether they came from an address before
    index('sessions_user').on(table.userId, table.endedAt, table.addressHash),
  ],
);

/** Codes for who lost the device that makes the second factor's; only keyed hashes are kept. */
export const recoveryCodes = sqliteTable(
  'recovery_codes',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    codeHash: text('code_hash').notNull(),
    createdAt: integer('created_at').notNull(),
    usedAt: integer('used_at'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
);
