import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { and, eq, max, sql } from 'drizzle-orm';
import { digestAhead } from '../../db/audit/digest-ahead.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { readLines } from '../../lib/read-lines.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getSnapshotInProject, MAX_ROW_BYTES, RAW_FILE } from './internal.ts';

/** Rows of one transaction: docs/benchmarks.md, "Snapshots and exports", says how long it takes. */
const BATCH = 100;

/**
 * Writes the members of a large snapshot behind it, out of its file, in short transactions; goes on where an earlier try was killed,
 * since the file is in order of id. The audit log gets the digest of all of them with the last one. Does nothing for a snapshot that
 * has its members. `check` is asked between batches: it throws to stop.
 */
export async function fillSnapshot({
  ctx,
  input: { projectId, snapshotId },
  options: { onProgress, check, batch = BATCH } = {},
}: {
  ctx: Ctx;
  input: { projectId: string; snapshotId: string };
  options?: {
    /** called when rows were written for good */
    onProgress?: (judgments: number) => void;
    check?: () => void;
    batch?: number;
  };
}): Promise<void> {
  const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
  // what was erased meanwhile took its file along
  if (snapshot.status !== 'filling' || snapshot.erasedAt !== null) return;
  const newest = ctx.db
    .select({ id: max(snapshotJudgments.judgmentId) })
    .from(snapshotJudgments)
    .where(eq(snapshotJudgments.snapshotId, snapshotId))
    .get();
  const file = path.join(ctx.dataFolder, snapshot.folder, RAW_FILE);
  let waiting: string[] = [];
  let done = 0;
  const insert = ctx.db.$client.prepare(
    `INSERT INTO snapshot_judgments (snapshot_id, judgment_id) SELECT ?, value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`,
  );
  const flush = async () => {
    const ids = JSON.stringify(waiting);
    if (waiting.length > 0) {
      waiting = [];
      await writeWhenUnlocked(ctx.db, () => {
        insert.run(snapshotId, ids);
      });
      onProgress?.(done);
    }
    check?.();
  };
  for await (const entry of readLines(file, { maxLineBytes: MAX_ROW_BYTES })) {
    if (!('line' in entry)) throw new Error(`${file}, line ${entry.number}: ${entry.detail}`);
    const { judgment_id: id } = JSON.parse(entry.line) as { judgment_id: string };
    done += 1;
    if (id <= (newest?.id ?? '')) continue;
    waiting.push(id);
    if (waiting.length === batch) await flush();
  }
  await flush();
  const { kept } = snapshot.counts;
  if (done !== kept)
    throw new Error(`${file} has ${done} judgments; ${kept} were counted when the snapshot was made.`);
  const ahead = await digestAhead(ctx.db.$client, {
    table: 'snapshot_judgments',
    key: snapshotId,
    salt: randomBytes(16),
  });
  try {
    await writeWhenUnlocked(ctx.db, () => {
      const isLast = ctx.db
        .update(snapshots)
        .set({ status: 'whole' })
        .where(and(eq(snapshots.id, snapshotId), eq(snapshots.status, 'filling')))
        .run();
      // its job, where the command line was faster than the worker
      ctx.db
        .update(jobs)
        .set({ status: 'done', finishedAt: ctx.now() })
        .where(
          and(
            eq(jobs.status, 'queued'),
            eq(jobs.kind, 'fill-snapshot'),
            sql`${jobs.payload} ->> '$.snapshotId' = ${snapshotId}`,
          ),
        )
        .run();
      if (isLast.changes === 0) return;
      appendAudit(ctx, {
        action: 'snapshots.fill',
        subject: snapshotId,
        projectId,
        payload: { judgments: done },
      });
    });
  } finally {
    ahead.forget();
  }
}
