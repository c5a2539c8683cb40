import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { and, eq, max } from 'drizzle-orm';
import { digestAhead } from '../../db/audit/digest-ahead.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { readLines } from '../../lib/read-lines.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getSnapshotInProject, MAX_ROW_BYTES, RAW_FILE } from './internal.ts';

/** One transaction of some milliseconds. */
const BATCH = 500;

/**
 * Writes the members of a large snapshot behind it, out of its file, in short transactions; goes on where an earlier try was killed,
 * since the file is in order of id. The audit log gets the digest of all of them with the last one. Does nothing for a snapshot that
 * has its members. `check` is asked between batches: it throws to stop.
 */
export async function fillSnapshot({
  ctx,
  input: { projectId, snapshotId },
  options: { onProgress, check } = {},
}: {
  ctx: Ctx;
  input: { projectId: string; snapshotId: string };
  options?: { onProgress?: (judgments: number) => void; check?: () => void };
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
  const flush = async () => {
    const rows = waiting.map((judgmentId) => ({ snapshotId, judgmentId }));
    waiting = [];
    if (rows.length > 0)
      await writeWhenUnlocked(ctx.db, () => {
        ctx.db.insert(snapshotJudgments).values(rows).onConflictDoNothing().run();
      });
    onProgress?.(done);
    check?.();
  };
  for await (const entry of readLines(file, { maxLineBytes: MAX_ROW_BYTES })) {
    if (!('line' in entry)) throw new Error(`${file}, line ${entry.number}: ${entry.detail}`);
    const { judgment_id: id } = JSON.parse(entry.line) as { judgment_id: string };
    done += 1;
    if (id <= (newest?.id ?? '')) continue;
    waiting.push(id);
    if (waiting.length === BATCH) await flush();
  }
  await flush();
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
