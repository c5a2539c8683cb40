import { setImmediate } from 'node:timers/promises';
import { and, asc, count, eq, gt, inArray, or, type SQL } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import type { Finding } from '../audit/schemas.ts';
import { judgmentDigest } from '../judgments/digest.ts';
import { promptHash, responseHash } from '../tasks/content-hash.ts';
import { promptDetailsHash, responseDetailsHash } from '../tasks/row-details.ts';

export type ContentsReport = {
  judgments: number;
  prompts: number;
  responses: number;
  broken: Finding | null;
};

const PAGE = 1000;
const recordedPayload = z.object({ digest: z.string() });
const batchPayload = z.object({
  judgmentDigests: z.union([z.array(z.string()), z.record(z.string(), z.string())]),
});

/**
 * Compares what the tables say with what the audit log and the content hashes say: every judgment with the digest that its
 * audit event carries, every event of a judgment with the table (nothing removed), every prompt and response with its hash.
 * Stops at the first difference. Run it after `verifyChain`, whose records it trusts.
 */
export async function verifyContents(db: Db): Promise<ContentsReport> {
  const report: ContentsReport = { judgments: 0, prompts: 0, responses: 0, broken: null };
  const digests = new Map<string, Set<string>>();
  for await (const page of pages(db, judgments, judgments.id)) {
    digestsOfEvents(db, page, digests);
    for (const { eventHash, ...judgment } of page) {
      if (!digests.get(eventHash)?.has(judgmentDigest(judgment))) {
        const where = `judgment ${judgment.id}`;
        return { ...report, broken: { where, problem: 'differs from what its audit event recorded' } };
      }
      report.judgments += 1;
    }
  }
  const recorded = recordedJudgments(db);
  if (recorded !== report.judgments) {
    const problem = `${report.judgments} rows, but the audit log recorded ${recorded}`;
    return { ...report, broken: { where: 'table judgments', problem } };
  }
  for await (const page of pages(db, prompts, prompts.id)) {
    for (const prompt of page) {
      const { id, messages, contentHash, detailsHash } = prompt;
      if (promptDetailsHash(prompt) !== detailsHash) {
        const problem = 'its id, tags or metadata do not have their hash';
        return { ...report, broken: { where: `prompt ${id}`, problem } };
      }
      if (promptHash(messages) !== contentHash) {
        return {
          ...report,
          broken: { where: `prompt ${id}`, problem: 'its text does not have its content hash' },
        };
      }
      report.prompts += 1;
    }
  }
  for await (const page of pages(db, responses, responses.id)) {
    for (const response of page) {
      const { id, content, contentHash, detailsHash } = response;
      if (response.origin === 'imported' && responseDetailsHash(response) !== detailsHash) {
        const problem = 'its model or sampling do not have their hash';
        return { ...report, broken: { where: `response ${id}`, problem } };
      }
      if (responseHash(content) !== contentHash) {
        return {
          ...report,
          broken: { where: `response ${id}`, problem: 'its text does not have its content hash' },
        };
      }
      report.responses += 1;
    }
  }
  return report;
}

/** Rows of a table by id, a page at a time. */
async function* pages<T extends SQLiteTable>(
  db: Db,
  table: T,
  id: SQLiteColumn,
): AsyncGenerator<T['$inferSelect'][]> {
  let last = '';
  for (;;) {
    const page = db
      .select()
      .from(table as SQLiteTable)
      .where(gt(id, last))
      .orderBy(asc(id))
      .limit(PAGE)
      .all() as T['$inferSelect'][];
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    last = (page.at(-1) as { id: string }).id;
    await setImmediate();
  }
}

function digestsOfEvents(db: Db, page: { eventHash: string }[], into: Map<string, Set<string>>): void {
  const wanted = [...new Set(page.map(({ eventHash }) => eventHash))].filter((hash) => !into.has(hash));
  if (wanted.length === 0) return;
  into.clear();
  const hashes = [...new Set(page.map(({ eventHash }) => eventHash))];
  const events = db
    .select({ hash: auditLog.hash, payload: auditLog.payload })
    .from(auditLog)
    .where(inArray(auditLog.hash, hashes))
    .all();
  for (const { hash, payload } of events) into.set(hash, new Set(digestsIn(payload)));
}

function digestsIn(payload: string): string[] {
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
