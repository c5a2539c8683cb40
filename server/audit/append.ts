import { createHash } from 'node:crypto';
import { desc } from 'drizzle-orm';
import { auditLog } from '../../db/schema/audit-log.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { actorName, type Ctx } from '../context.ts';

/** The hash before the first record. */
export const GENESIS_HASH = '0'.repeat(64);

export type AuditRecord = typeof auditLog.$inferSelect;

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

/** Hash of one record over everything but itself; the payload enters by its own hash. */
export function auditHash(record: Omit<AuditRecord, 'hash' | 'payload'>): string {
  const { seq, at, actor, action, subject, projectId, payloadHash, previousHash } = record;
  return sha256(canonicalJson({ seq, at, actor, action, subject, projectId, payloadHash, previousHash }));
}

/**
 * Appends one event to the chain. Call inside the transaction of the change it records, so that neither exists without
 * the other. Payloads hold ids and hashes, never personal data. Returns the new record.
 */
export function appendAudit(
  ctx: Pick<Ctx, 'db' | 'actor' | 'now'>,
  event: { action: string; subject: string; projectId: string | null; payload: unknown },
): AuditRecord {
  const last = ctx.db
    .select({ seq: auditLog.seq, hash: auditLog.hash })
    .from(auditLog)
    .orderBy(desc(auditLog.seq))
    .limit(1)
    .get();
  const payload = canonicalJson(event.payload);
  const unhashed = {
    seq: (last?.seq ?? 0) + 1,
    at: ctx.now(),
    actor: actorName(ctx.actor),
    action: event.action,
    subject: event.subject,
    projectId: event.projectId,
    payloadHash: sha256(payload),
    previousHash: last?.hash ?? GENESIS_HASH,
  };
  const record = { ...unhashed, payload, hash: auditHash(unhashed) };
  ctx.db.insert(auditLog).values(record).run();
  return record;
}
