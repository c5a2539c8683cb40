import { blob, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Signed states of the audit log. They are also appended to heads.jsonl in the data folder: db/audit/heads.ts. */
export const auditHeads = sqliteTable('audit_heads', {
  /** of the last record that it covers */
  seq: integer('seq').primaryKey(),
  /** that record's hash */
  hash: text('hash').notNull(),
  /** root of the Merkle tree over the hashes of all records up to it */
  root: text('root').notNull(),
  at: integer('at').notNull(),
  /** sha256 of the public key */
  keyId: text('key_id').notNull(),
  /** ed25519, base64 */
  signature: text('signature').notNull(),
});

/** Whole subtrees of the Merkle tree over audit_log, kept so that a root or a proof reads few records: db/audit/tree.ts. */
export const auditTree = sqliteTable(
  'audit_tree',
  {
    /** the subtree has 2^level leaves */
    level: integer('level').notNull(),
    position: integer('position').notNull(),
    hash: blob('hash', { mode: 'buffer' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.position] })],
);
