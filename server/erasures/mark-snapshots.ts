import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import { readLines } from '../../lib/read-lines.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { MAX_ROW_BYTES } from '../snapshots/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import type { Erasure } from './internal.ts';

const JUDGMENT_ID = /"judgment_id":"([^"]+)"/g;

/**
 * Marks every snapshot of some projects whose files hold one of the judgments, and the exports made of it, and removes their files. The
 * files decide: they hold judgments too that the query had set aside. Returns how many of each.
 */
export async function markSnapshots(
  ctx: Ctx,
  { erasure, projectIds, judgmentIds }: { erasure: Erasure; projectIds: string[]; judgmentIds: Set<string> },
): Promise<{ snapshots: number; exports: number }> {
  const counts = { snapshots: 0, exports: 0 };
  for await (const { snapshot, exported } of snapshotsHolding(ctx, { projectIds, judgmentIds })) {
    await writeWhenUnlocked(ctx.db, () => {
      const erasedAt = ctx.now();
      ctx.db.update(snapshots).set({ erasedAt }).where(eq(snapshots.id, snapshot.id)).run();
      ctx.db
        .update(snapshotExports)
        .set({ erasedAt })
        .where(eq(snapshotExports.snapshotId, snapshot.id))
        .run();
      const payload = { erasure: erasure.id, exports: exported.map(({ id }) => id) };
      const { projectId } = snapshot;
      appendAudit(ctx, { action: 'erasures.mark', subject: snapshot.id, projectId, payload });
    });
    counts.snapshots += 1;
    counts.exports += exported.length;
  }
  removeMarked(ctx, projectIds);
  return counts;
}

/** Snapshots of some projects whose files hold one of the judgments, with the exports made of each. Those marked before are left out. */
export async function* snapshotsHolding(
  ctx: Pick<Ctx, 'db' | 'dataFolder'>,
  { projectIds, judgmentIds }: { projectIds: string[]; judgmentIds: Set<string> },
): AsyncGenerator<{ snapshot: typeof snapshots.$inferSelect; exported: { id: string; folder: string }[] }> {
  if (judgmentIds.size === 0) return;
  const candidates = ctx.db
    .select()
    .from(snapshots)
    .where(and(inArray(snapshots.projectId, projectIds), isNull(snapshots.erasedAt)))
    .all();
  for (const snapshot of candidates) {
    if (!(await holdsOne(path.join(ctx.dataFolder, snapshot.folder), judgmentIds))) continue;
    const exported = ctx.db
      .select({ id: snapshotExports.id, folder: snapshotExports.folder })
      .from(snapshotExports)
      .where(eq(snapshotExports.snapshotId, snapshot.id))
      .all();
    yield { snapshot, exported };
  }
}

/** Also of what an attempt before this one had marked when it was killed. */
function removeMarked(ctx: Ctx, projectIds: string[]): void {
  const rows = ctx.db
    .select({ folder: snapshots.folder, erasedAt: snapshots.erasedAt, exported: snapshotExports.folder })
    .from(snapshots)
    .leftJoin(snapshotExports, eq(snapshotExports.snapshotId, snapshots.id))
    .where(inArray(snapshots.projectId, projectIds))
    .all();
  for (const { folder, erasedAt, exported } of rows) {
    if (erasedAt === null) continue;
    for (const name of [folder, exported])
      if (name !== null) rmSync(path.join(ctx.dataFolder, name), { recursive: true, force: true });
  }
}

async function holdsOne(folder: string, judgmentIds: Set<string>): Promise<boolean> {
  if (!existsSync(folder)) return false;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl'))) {
    for await (const entry of readLines(path.join(folder, name), { maxLineBytes: MAX_ROW_BYTES })) {
      // a damaged line may be the one
      if (!('line' in entry)) return true;
      for (const [, id = ''] of entry.line.matchAll(JUDGMENT_ID)) if (judgmentIds.has(id)) return true;
    }
  }
  return false;
}
