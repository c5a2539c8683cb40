import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { asc, gt } from 'drizzle-orm';
import { z } from 'zod';
import { type AuditRecord, auditHash, digestOfLines, GENESIS_HASH } from '../../db/audit/append-record.ts';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Findings } from './findings.ts';
import type { Meter } from './progress.ts';

export type ChainReport = {
  /** records that were found good */
  records: number;
  /** hash of the last record: note it elsewhere, and a log cut off at its end is noticed too */
  head: string;
  /** the first record that carries digests of rows; null when none does, as before 0.7.0 */
  firstWithRows: number | null;
};

const PAGE = 2000;
const withRows = z.object({ recorded: z.object({ count: z.int(), digest: z.string() }) });

/**
 * Recomputes the whole chain from the first record, and the digest over each record's lines in audit_rows. Reports every record
 * that is not as it was written; `onRecord` sees each one in turn, with its place.
 */
export async function verifyChain(
  db: Db,
  findings: Findings,
  onRecord: (record: AuditRecord) => void = () => {},
  meter: Meter = () => {},
): Promise<ChainReport> {
  const report: ChainReport = { records: 0, head: GENESIS_HASH, firstWithRows: null };
  let last = 0;
  for (;;) {
    // lines of a record are read as they were when it was: whoever writes meanwhile is no finding
    const page = db.transaction(() => {
      const records = db
        .select()
        .from(auditLog)
        .where(gt(auditLog.seq, last))
        .orderBy(asc(auditLog.seq))
        .limit(PAGE)
        .all();
      for (const record of records) {
        const problem = problemOf(record, last + 1, report.head);
        if (problem === null) report.records += 1;
        else findings.add('audit-record', `audit record ${last + 1}`, problem);
        if (checkLines(db, record, findings)) report.firstWithRows ??= record.seq;
        onRecord(record);
        last = record.seq;
        report.head = record.hash;
      }
      return records;
    });
    meter('audit_log', page.length);
    if (page.length < PAGE) return report;
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

/** True when the record vouches for rows. */
function checkLines(db: Db, { seq, payload }: AuditRecord, findings: Findings): boolean {
  const { count, digest } = digestOfLines(db.$client, seq);
  const where = `rows of audit record ${seq}`;
  const parsed = payload.includes('"recorded"') ? withRows.safeParse(parseJson(payload)) : null;
  if (!parsed?.success) {
    if (count > 0) findings.add('audit-rows', where, `${count} lines in audit_rows, the record has none`);
    return false;
  }
  const { recorded } = parsed.data;
  if (recorded.count !== count || recorded.digest !== digest) {
    const problem = `${count} lines in audit_rows with the digest ${digest}, recorded ${recorded.count} with ${recorded.digest}`;
    findings.add('audit-rows', where, problem);
  }
  return true;
}
