import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { and, eq } from 'drizzle-orm';
import { snapshotExports } from '../../db/schema/snapshots.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getSnapshotInProject, requireServed } from './internal.ts';
import { verifyFolder } from './manifest.ts';
import type { ExportSnapshotInput, ExportSummary } from './schemas.ts';
import { sweepFolders } from './sweep-folders.ts';
import { writeExport } from './write-export.ts';

/**
 * An export of a snapshot in the data folder, ready to be downloaded. The same format of the same snapshot is written
 * once; asked for again, the folder is checked and used if it is whole. Each asking is an audit event.
 */
export async function exportSnapshot({
  ctx,
  input,
  options: { requestedBy, onProgress, check, onKept } = {},
}: {
  ctx: Ctx;
  input: ExportSnapshotInput;
  options?: {
    /** whoever asked, where that is not the actor */
    requestedBy?: string;
    onProgress?: (judgments: number, total: number) => void;
    /** asked between judgments: throws, and nothing stays */
    check?: () => void;
    /** called in the transaction that registers the export: throws, and there is none */
    onKept?: () => void;
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
  if (!isWhole) sweepFolders(ctx, 'exports');
  const id = known?.id ?? newId('exp', ctx.now());
  const folder = known?.folder ?? path.join('exports', id);
  const written = isWhole
    ? { rows: known.rows, manifestSha256: known.manifestSha256 }
    : await writeExport(ctx, snapshot, {
        format,
        folder: path.join(ctx.dataFolder, folder),
        onProgress(done, total) {
          onProgress?.(done, total);
          check?.();
        },
      });
  const { rows, manifestSha256 } = written;
  const register = () => {
    // it may have been erased while the files were written
    requireServed(getSnapshotInProject(ctx, input));
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
    onKept?.();
    return kept;
  };
  const row = await writeWhenUnlocked(ctx.db, register).catch((error: unknown) => {
    // no row says that these files are there, or what they hold was erased
    if (!isWhole) rmSync(path.join(ctx.dataFolder, folder), { recursive: true, force: true });
    throw error;
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
