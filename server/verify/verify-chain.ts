import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { asc, gt } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { type AuditRecord, auditHash, GENESIS_HASH } from '../audit/append.ts';
import type { Finding } from '../audit/schemas.ts';

export type ChainReport = {
  /** records that were found good */
  records: number;
  /** hash of the last good record: note it elsewhere, and a log cut off at its end is noticed too */
  head: string;
  broken: Finding | null;
};

const PAGE = 2000;

/** Recomputes the whole chain from the first record and stops at the first broken one. */
export async function verifyChain(db: Db): Promise<ChainReport> {
  let records = 0;
  let head = GENESIS_HASH;
  for (;;) {
    const page = db
      .select()
      .from(auditLog)
      .where(gt(auditLog.seq, records))
      .orderBy(asc(auditLog.seq))
      .limit(PAGE)
      .all();
    for (const record of page) {
      const problem = problemOf(record, records + 1, head);
      if (problem !== null) {
        return { records, head, broken: { where: `audit record ${records + 1}`, problem } };
      }
      records += 1;
      head = record.hash;
    }
    if (page.length < PAGE) return { records, head, broken: null };
    // a long log must not keep other requests waiting
    await setImmediate();
  }
}

function problemOf(record: AuditRecord, expectedSeq: number, previousHash: string): string | null {
  if (record.seq !== expectedSeq) return `is missing: the next one there is ${record.seq}`;
  const payloadHash = createHash('sha256').update(record.payload, 'utf8').digest('hex');
  if (payloadHash !== record.payloadHash) {
    return `its payload was changed: sha256 ${payloadHash}, recorded ${record.payloadHash}`;
  }
  if (record.previousHash !== previousHash) {
    return `does not continue the record before: previous hash ${record.previousHash}, expected ${previousHash}`;
  }
  const hash = auditHash(record);
  return hash === record.hash ? null : `was changed: its hash is ${hash}, recorded ${record.hash}`;
}
