import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditHash, GENESIS_HASH } from '../../db/audit/append-record.ts';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { createTestDb } from '../../db/testing.ts';
import { appendAudit } from '../audit/append.ts';
import { collectFindings } from './findings.ts';
import { verifyChain } from './verify-chain.ts';

const COLUMNS = [
  'at',
  'actor',
  'action',
  'subject',
  'project_id',
  'payload',
  'payload_hash',
  'previous_hash',
  'hash',
];

/** What the check says, with its first finding. */
async function check(db: Db) {
  const findings = collectFindings();
  const { records, head } = await verifyChain(db, findings);
  return { records, head, broken: findings.list[0] ?? null, all: findings.list.map(({ where }) => where) };
}

function logOf(length: number): Db {
  const db = createTestDb();
  for (let i = 1; i <= length; i++) {
    appendAudit(
      { db, actor: { type: 'system' }, now: () => 1_700_000_000_000 + i },
      { action: 'test.write', subject: `sub_${i}`, projectId: 'prj_1', payload: { i, text: `record ${i}` } },
    );
  }
  return db;
}

describe('verifyChain', () => {
  it('finds an untouched log intact and gives the hash of its end', async () => {
    const db = logOf(5);
    const last = db.select().from(auditLog).all().at(-1);
    expect(await check(db)).toEqual({ records: 5, head: last?.hash, broken: null, all: [] });
  });

  it('finds an empty log intact', async () => {
    expect(await check(createTestDb())).toEqual({ records: 0, head: GENESIS_HASH, broken: null, all: [] });
  });

  it.each(COLUMNS)('names the record whose %s was changed', async (column) => {
    const db = logOf(6);
    const change =
      column === 'at' ? `at = at + 1` : `${column} = substr(${column}, 1, length(${column}) - 1) || '~'`;
    db.$client.exec(`update audit_log set ${change} where seq = 4`);
    const report = await check(db);
    expect(report.broken?.where).toBe('audit record 4');
    // the one after it is found too where it no longer continues it
    expect(report.records).toBe(column === 'hash' ? 4 : 5);
  });

  it('names the first broken record wherever any one character of a text column was changed', async () => {
    const db = logOf(8);
    const rows = db.select().from(auditLog).all();
    const textColumns = [
      'actor',
      'action',
      'subject',
      'payload',
      'payloadHash',
      'previousHash',
      'hash',
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...rows),
        fc.constantFrom(...textColumns),
        fc.nat(),
        async (row, column, position) => {
          const text = row[column];
          const at = position % text.length;
          const other = text[at] === 'x' ? 'y' : 'x';
          db.update(auditLog)
            .set({ ...row, [column]: text.slice(0, at) + other + text.slice(at + 1) })
            .where(eq(auditLog.seq, row.seq))
            .run();
          const report = await check(db);
          db.update(auditLog).set(row).where(eq(auditLog.seq, row.seq)).run();
          expect(report.broken?.where).toBe(`audit record ${row.seq}`);
        },
      ),
      { numRuns: 60 },
    );
    expect((await check(db)).broken).toBeNull();
  });

  it('notices a record taken out, even when the ones after it are numbered anew', async () => {
    const db = logOf(6);
    db.$client.exec('delete from audit_log where seq = 3');
    expect((await check(db)).broken?.where).toBe('audit record 3');
    db.$client.exec('update audit_log set seq = seq - 1 where seq > 3');
    expect((await check(db)).broken?.where).toBe('audit record 3');
  });

  it('notices a record rewritten together with its own hash, at the record after it', async () => {
    const db = logOf(4);
    const rows = db.select().from(auditLog).all();
    const second = rows[1];
    if (!second) throw new Error('no second record');
    const forged = { ...second, actor: 'user:somebody_else' };
    db.update(auditLog)
      .set({ ...forged, hash: auditHash(forged) })
      .where(eq(auditLog.seq, 2))
      .run();
    expect((await check(db)).broken).toMatchObject({
      where: 'audit record 3',
      problem: expect.stringContaining('does not continue the record before'),
    });
  });
});
