import { createReadStream, type ReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { and, eq } from 'drizzle-orm';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requireServed } from './internal.ts';

type ExportInput = { projectId: string; exportId: string };

/** Files of an export with their sizes. Checks `snapshots.export` itself: routes call it. */
export function listExportFiles({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: ExportInput;
}): { name: string; bytes: number }[] {
  requirePermission(ctx, input.projectId, 'snapshots.export');
  const folder = exportFolder(ctx, input);
  return readdirSync(folder).map((name) => ({ name, bytes: statSync(path.join(folder, name)).size }));
}

/** One file of an export, to be sent. Only names that are in the folder reach the file system. */
export function openExportFile({ ctx, input }: { ctx: Ctx; input: ExportInput & { file: string } }): {
  stream: ReadStream;
  bytes: number;
} {
  const known = listExportFiles({ ctx, input }).find((entry) => entry.name === input.file);
  if (!known) throw new DomainError('not-found', `No file "${input.file.slice(0, 80)}" in this export.`);
  return { stream: createReadStream(path.join(exportFolder(ctx, input), known.name)), bytes: known.bytes };
}

function exportFolder(ctx: Ctx, input: ExportInput): string {
  const row = ctx.db
    .select({ folder: snapshotExports.folder, number: snapshots.number, erasedAt: snapshotExports.erasedAt })
    .from(snapshotExports)
    .innerJoin(snapshots, eq(snapshots.id, snapshotExports.snapshotId))
    .where(and(eq(snapshotExports.id, input.exportId), eq(snapshots.projectId, input.projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No export ${input.exportId} in this project.`);
  requireServed(row);
  return path.join(ctx.dataFolder, row.folder);
}
