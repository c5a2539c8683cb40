import { and, asc, desc, eq, gte } from 'drizzle-orm';
import { type AuditRecord, linesOf } from '../../db/audit/append-record.ts';
import { type Head, signHead } from '../../db/audit/heads.ts';
import { rowTexts } from '../../db/audit/row-digest.ts';
import { inclusionPath } from '../../db/audit/tree.ts';
import type { Db } from '../../db/client.ts';
import { auditHeads } from '../../db/schema/audit-heads.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { auditRows } from '../../db/schema/audit-rows.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import type { Proof } from './proof.ts';

const HOW_TO_CHECK =
  'npm run verify -- --proof <this file> --public-key <the installation’s key, from elsewhere than this file>';

/**
 * A proof that a judgment is in the log as it stands now, under a signed head; one is signed where the newest is older than the
 * judgment. Throws `not-found`, and `conflict` where the data folder has no key or the judgment is not as it was recorded.
 */
export async function proveJudgment({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; judgmentId: string };
}): Promise<Proof> {
  const { projectId, judgmentId } = input;
  requirePermission(ctx, projectId, 'audit.read');
  const { db } = ctx;
  const row = db
    .select()
    .from(judgments)
    .where(and(eq(judgments.id, judgmentId), eq(judgments.projectId, projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No judgment ${judgmentId} in this project.`);
  const { evidence, record } = evidenceFor(db, row);
  const head = headOver(db, record.seq) ?? (await writeWhenUnlocked(db, () => signNow(db)));
  if (head === null) throw new DomainError('conflict', 'This installation has no key to sign a head with.');
  return {
    plumbline: 'proof/1',
    how_to_check: HOW_TO_CHECK,
    judgment_id: judgmentId,
    evidence,
    record,
    path: inclusionPath(db.$client, { index: record.seq - 1, size: head.seq }).map((hash) =>
      hash.toString('hex'),
    ),
    head,
    public_key: publicKeyNamed(db, head.keyId),
  };
}

/** The latest record that wrote the row; for one that was taken over from before 0.7.0 the record of its making. */
function evidenceFor(
  db: Db,
  row: typeof judgments.$inferSelect,
): { evidence: Proof['evidence']; record: AuditRecord } {
  const { eventHash, ...judgment } = row;
  const line = db
    .select({ seq: auditRows.seq, salt: auditRows.salt })
    .from(auditRows)
    .where(and(eq(auditRows.tableName, 'judgments'), eq(auditRows.rowKey, row.id)))
    .orderBy(desc(auditRows.seq))
    .limit(1)
    .get();
  const recordWhere = (seq: number) => db.select().from(auditLog).where(eq(auditLog.seq, seq)).get();
  const record = line && recordWhere(line.seq);
  if (line && record && record.action !== 'audit.baseline') {
    const [text] = [...rowTexts(db.$client, 'judgments', row.id)];
    if (text === undefined || line.salt === null)
      throw new DomainError('conflict', `Judgment ${row.id} is not as it was recorded: run npm run verify.`);
    const lines = [...linesOf(db.$client, line.seq)];
    return { evidence: { kind: 'row', salt: line.salt.toString('hex'), row: text, lines }, record };
  }
  const made = db.select().from(auditLog).where(eq(auditLog.hash, eventHash)).get();
  if (!made) throw new DomainError('conflict', `Judgment ${row.id} names an audit record that is not there.`);
  return { evidence: { kind: 'payload', judgment: JSON.parse(JSON.stringify(judgment)) }, record: made };
}

/** The oldest head that covers a record: it was there first, so most people may hold it. */
function headOver(db: Db, seq: number): Head | null {
  const covering = db.select().from(auditHeads).where(gte(auditHeads.seq, seq));
  return covering.orderBy(asc(auditHeads.seq)).limit(1).get() ?? null;
}

function signNow(db: Db): Head | null {
  const last = db.select({ seq: auditLog.seq }).from(auditLog).orderBy(desc(auditLog.seq)).limit(1).get();
  return last ? signHead(db.$client, last.seq) : null;
}

function publicKeyNamed(db: Db, keyId: string): string {
  const named = and(eq(auditLog.subject, keyId), eq(auditLog.action, 'audit.key'));
  const record = db.select({ payload: auditLog.payload }).from(auditLog).where(named).get();
  if (!record) throw new DomainError('conflict', `The log does not name the key ${keyId}.`);
  return (JSON.parse(record.payload) as { publicKey: string }).publicKey;
}
