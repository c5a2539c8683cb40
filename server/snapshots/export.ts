import { existsSync } from 'node:fs';
import path from 'node:path';
import { and, eq } from 'drizzle-orm';
import { snapshotExports } from '../../db/schema/snapshots.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { sweepPartials } from './folder-writer.ts';
import { getSnapshotInProject, requireServed } from './internal.ts';
import { verifyFolder } from './manifest.ts';
import type { ExportSnapshotInput, ExportSummary } from './schemas.ts';
import { writeExport } from './write-export.ts';

/**
 * An export of a snapshot in the data folder, ready to be downloaded. The same format of the same snapshot is written
 * once; asked for again, the folder is checked and used if it is whole. Each asking is an audit event.
 */
export async function exportSnapshot({
  ctx,
  input,
  options: { requestedBy, onProgress } = {},
}: {
  ctx: Ctx;
  input: ExportSnapshotInput;
  options?: {
    /** whoever asked, where that is not the actor */
    requestedBy?: string;
    /** throws to stop: then nothing stays */
    onProgress?: (judgments: number, total: number) => void;
  };
}): Promise<ExportSummary> {
  const snapshot = getSnapshotInProject(ctx, input);
  requireServed(snapshot);
  const { format } = input;
  const known = ctx.db
    .select()
    .from(snapshotExports)
    .where(and(eq(snapshotExports.snapshotId, snapshot.id), eq(snapshotExports.format, format)))
    .get();
  const isWhole =
    known !== undefined && (await isIntact(path.join(ctx.dataFolder, known.folder), known.manifestSha256));
  if (!isWhole) sweepPartials(path.join(ctx.dataFolder, 'exports'));
  const id = known?.id ?? newId('exp', ctx.now());
  const folder = known?.folder ?? path.join('exports', id);
  const written = isWhole
    ? { rows: known.rows, manifestSha256: known.manifestSha256 }
    : await writeExport(ctx, snapshot, {
        format,
        folder: path.join(ctx.dataFolder, folder),
        ...(onProgress && { onProgress }),
      });
  const { rows, manifestSha256 } = written;
  const row = await writeWhenUnlocked(ctx.db, () => {
    const createdBy = requestedBy ?? (ctx.actor.type === 'user' ? ctx.actor.userId : 'system');
    const kept = ctx.db
      .insert(snapshotExports)
      .values({
        id,
        snapshotId: snapshot.id,
        format,
        folder,
        rows,
        manifestSha256,
        createdBy,
        createdAt: ctx.now(),
      })
      .onConflictDoUpdate({ target: snapshotExports.id, set: { rows, manifestSha256 } })
      .returning()
      .get();
    appendAudit(ctx, {
      action: 'snapshots.export',
      subject: id,
      projectId: snapshot.projectId,
      payload: {
        ...{ snapshotId: snapshot.id, format, rows, manifestSha256 },
        ...(requestedBy !== undefined && { requestedBy }),
      },
    });
    return kept;
  });
  return {
    exportId: id,
    snapshotId: snapshot.id,
    snapshotNumber: snapshot.number,
    format,
    folder,
    rows,
    manifestSha256,
    createdAt: row.createdAt,
    erasedAt: null,
  };
}

async function isIntact(folder: string, manifestSha256: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const check = await verifyFolder(folder);
  return check.ok && check.manifestSha256 === manifestSha256;
}
