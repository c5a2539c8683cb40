import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/**
 * Append-only, hash-chained. hash = sha256 of the canonical JSON of {seq, at, actor, action, subject, projectId, payloadHash,
 * previousHash}; payloadHash = sha256 of the payload text. Payloads hold ids, never personal data.
 */
export const auditLog = sqliteTable(
  'audit_log',
  {
    seq: integer('seq').primaryKey(),
    at: integer('at').notNull(),
    /** user:<id>, job:<id>, system */
    actor: text('actor').notNull(),
    /** domain.verb, for example judgments.record */
    action: text('action').notNull(),
    /** id of what it was done to */
    subject: text('subject').notNull(),
    projectId: text('project_id'),
    /** canonical JSON */
    payload: text('payload').notNull(),
    payloadHash: text('payload_hash').notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [
    index('audit_log_project').on(table.projectId, table.seq),
    index('audit_log_subject').on(table.subject),
    // a judgment names its record by hash
    index('audit_log_hash').on(table.hash),
  ],
);
