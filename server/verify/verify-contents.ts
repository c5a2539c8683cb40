import { setImmediate } from 'node:timers/promises';
import { and, asc, count, desc, eq, getTableName, gt, lte, or, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { auditRows } from '../../db/schema/audit-rows.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { ERASED_TEXT, erasedHash } from '../erasures/internal.ts';
import { judgmentDigest } from '../judgments/digest.ts';
import { promptHash, responseHash } from '../tasks/content-hash.ts';
import { promptDetailsHash, responseDetailsHash } from '../tasks/row-details.ts';
import type { Findings } from './findings.ts';
import type { Meter } from './progress.ts';

export type ContentsReport = { judgments: number; prompts: number; responses: number };

const PAGE = 1000;
const recordedPayload = z.object({ digest: z.string() });
const batchPayload = z.object({
  judgmentDigests: z.union([z.array(z.string()), z.record(z.string(), z.string())]),
});

/**
 * Compares what the tables say with the audit log and the content hashes: every judgment with the event that it names, which
 * must vouch for it, every prompt and response with its hash. `isCovered`: the log carries digests of all rows, so that removed
 * ones are found by those; without, judgments are counted. Run it after `verifyChain`, whose records it trusts.
 */
export async function verifyContents(
  db: Db,
  findings: Findings,
  { isCovered, meter = () => {} }: { isCovered: boolean; meter?: Meter },
): Promise<ContentsReport> {
  const report: ContentsReport = { judgments: 0, prompts: 0, responses: 0 };
  for await (const page of pages({ db, findings }, judgments, judgments.id)) {
    for (const judgment of page) checkJudgment(db, judgment, findings);
    report.judgments += page.length;
    meter('judgments', page.length);
  }
  const recorded = isCovered ? report.judgments : recordedJudgments(db);
  if (recorded !== report.judgments) {
    const problem = `${report.judgments} rows, but the audit log recorded ${recorded}`;
    findings.add('row-removed', 'table judgments', problem);
  }
  for await (const page of pages({ db, findings }, prompts, prompts.id)) {
    for (const prompt of page) checkPrompt(prompt, findings);
    report.prompts += page.length;
    meter('prompts', page.length);
  }
  for await (const page of pages({ db, findings }, responses, responses.id)) {
    for (const response of page) checkResponse(response, findings);
    report.responses += page.length;
    meter('responses', page.length);
  }
  return report;
}

const eventByHash = (db: Db) =>
  db
    .select({ seq: auditLog.seq, payload: auditLog.payload })
    .from(auditLog)
    .where(eq(auditLog.hash, sql.placeholder('hash')))
    .prepare();
const lineOf = (db: Db) =>
  db
    .select({ seq: auditRows.seq })
    .from(auditRows)
    .where(
      and(
        eq(auditRows.tableName, 'judgments'),
        eq(auditRows.rowKey, sql.placeholder('id')),
        eq(auditRows.seq, sql.placeholder('seq')),
      ),
    )
    .prepare();

/** An erasure has taken its rationale, and carries the digest of what is left (verify-rows.ts). */
function isWrittenLater(db: Db, id: string, seq: number): boolean {
  const later = prepared(db, laterAction).get({ id, seq });
  return later?.action.startsWith('erasures.') === true;
}
const laterAction = (db: Db) =>
  db
    .select({ action: auditLog.action })
    .from(auditRows)
    .innerJoin(auditLog, eq(auditLog.seq, auditRows.seq))
    .where(
      and(
        eq(auditRows.tableName, 'judgments'),
        eq(auditRows.rowKey, sql.placeholder('id')),
        gt(auditRows.seq, sql.placeholder('seq')),
      ),
    )
    .orderBy(desc(auditRows.seq))
    .limit(1)
    .prepare();

/** The event that a judgment names carries its digest: in its payload before 0.7.0, in audit_rows since. */
function checkJudgment(db: Db, row: typeof judgments.$inferSelect, findings: Findings): void {
  const { eventHash, ...judgment } = row;
  const where = `judgment ${row.id}`;
  const event = prepared(db, eventByHash).get({ hash: eventHash });
  if (!event) {
    findings.add('derived', where, `names the audit record ${eventHash}, which is not there`);
    return;
  }
  const digests = digestsIn(event.payload);
  const isVouchedFor =
    digests.length > 0
      ? digests.includes(judgmentDigest(judgment)) || isWrittenLater(db, row.id, event.seq)
      : prepared(db, lineOf).get({ id: row.id, seq: event.seq }) !== undefined;
  if (!isVouchedFor) findings.add('row-changed', where, 'differs from what its audit event recorded');
}

function checkPrompt(prompt: typeof prompts.$inferSelect, findings: Findings): void {
  const where = `prompt ${prompt.id}`;
  if (prompt.erasedAt !== null) {
    checkErased(prompt, { where, text: prompt.messages.map(({ content }) => content).join('') }, findings);
    return;
  }
  if (promptDetailsHash(prompt) !== prompt.detailsHash) {
    findings.add('derived', where, 'its id, tags or metadata do not have their hash');
  }
  if (promptHash(prompt.messages) !== prompt.contentHash) {
    findings.add('derived', where, 'its text does not have its content hash');
  }
}

function checkResponse(response: typeof responses.$inferSelect, findings: Findings): void {
  const where = `response ${response.id}`;
  if (response.erasedAt !== null) {
    checkErased(response, { where, text: response.content }, findings);
    return;
  }
  if (response.origin === 'imported' && responseDetailsHash(response) !== response.detailsHash) {
    findings.add('derived', where, 'its model or sampling do not have their hash');
  }
  if (responseHash(response.content) !== response.contentHash) {
    findings.add('derived', where, 'its text does not have its content hash');
  }
}

/** That its erasing is recorded, its row's digest tells: here, that there is nothing left in it. */
function checkErased(
  { id, contentHash }: { id: string; contentHash: string },
  { where, text }: { where: string; text: string },
  findings: Findings,
): void {
  if (text === ERASED_TEXT && contentHash === erasedHash(id)) return;
  findings.add('derived', where, 'is marked as erased, and has a text or a hash of one');
}

/** null where a text that must be JSON is none. */
function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Rows of a table by id, a page at a time. */
async function* pages<T extends SQLiteTable>(
  { db, findings }: { db: Db; findings: Findings },
  table: T,
  id: SQLiteColumn,
): AsyncGenerator<T['$inferSelect'][]> {
  const noJson = (name: string) => {
    findings.add(
      'row-changed',
      `${getTableName(table)} ${name}`,
      'holds a text that must be JSON and is none',
    );
    return [];
  };
  let last = '';
  for (;;) {
    const ids = db
      .select({ id })
      .from(table as SQLiteTable)
      .where(gt(id, last))
      .orderBy(asc(id))
      .limit(PAGE);
    const names = ids.all().map((row) => row.id as string);
    const end = names.at(-1);
    if (end === undefined) return;
    const rows = db.select().from(table as SQLiteTable);
    const read = (from: SQL | undefined) => rows.where(from).orderBy(asc(id)).all() as T['$inferSelect'][];
    yield readable(() => read(and(gt(id, last), lte(id, end)))) ??
      names.flatMap((name) => readable(() => read(eq(id, name))) ?? noJson(name));
    if (names.length < PAGE) return;
    last = end;
    await setImmediate();
  }
}

function digestsIn(payload: string): string[] {
  if (!payload.includes('igest')) return [];
  const value: unknown = JSON.parse(payload);
  const single = recordedPayload.safeParse(value);
  if (single.success) return [single.data.digest];
  const batch = batchPayload.safeParse(value);
  return batch.success ? Object.values(batch.data.judgmentDigests) : [];
}

/** How many judgments the log says were made: one per record or revision, and those of each import batch. */
function recordedJudgments(db: Db): number {
  const where = (condition: SQL | undefined) =>
    db.select({ n: count() }).from(auditLog).where(condition).get()?.n ?? 0;
  let sum = where(or(eq(auditLog.action, 'judgments.record'), eq(auditLog.action, 'judgments.revise')));
  let last = 0;
  for (;;) {
    const page = db
      .select({ seq: auditLog.seq, payload: auditLog.payload })
      .from(auditLog)
      .where(and(eq(auditLog.action, 'imports.batch'), gt(auditLog.seq, last)))
      .orderBy(asc(auditLog.seq))
      .limit(100)
      .all();
    for (const { payload } of page) sum += digestsIn(payload).length;
    const end = page.at(-1);
    if (!end) return sum;
    last = end.seq;
  }
}
