import { type AuditRecord, appendRecord } from '../../db/audit/append-record.ts';
import { noteRecord } from '../../db/audit/transactions.ts';
import { actorName, type Ctx } from '../context.ts';

/**
 * Appends one event to the chain. Call inside the transaction of the change it records, after its writes: the record carries
 * the digests of the rows that were written (db/audit). Payloads hold ids and hashes, never personal data. Returns the new
 * record.
 */
export function appendAudit(
  ctx: Pick<Ctx, 'db' | 'actor' | 'now'>,
  event: { action: string; subject: string; projectId: string | null; payload: Record<string, unknown> },
): AuditRecord {
  const record = appendRecord(ctx.db.$client, { ...event, at: ctx.now(), actor: actorName(ctx.actor) });
  noteRecord(ctx.db.$client, record);
  return record;
}
