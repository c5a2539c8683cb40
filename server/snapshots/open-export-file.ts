import { createReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { and, eq } from 'drizzle-orm';
import { projects } from '../../db/schema/projects.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type Download, etagOf, zipDownload } from '../storage/zip-download.ts';
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
  return filesOf(servedExport(ctx, input).folder);
}

/**
 * One file of an export, to be sent whole or in part. Only names that are in the folder reach the file system. Checks
 * `snapshots.export` itself (a route calls it); each asking is an audit event.
 */
export function openExportFile({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: ExportInput & { file: string };
}): Download {
  const { folder, manifestSha256 } = servedExport(ctx, input);
  const known = filesOf(folder).find((entry) => entry.name === input.file);
  if (!known) throw new DomainError('not-found', `No file "${input.file.slice(0, 80)}" in this export.`);
  record(ctx, input, known.name);
  return {
    fileName: known.name,
    totalBytes: known.bytes,
    etag: etagOf(`${manifestSha256}/${known.name}`),
    open: (range) => createReadStream(path.join(folder, known.name), range ?? {}),
  };
}

/** A whole export as one zip, made while it is sent. Rights and audit as for one file of it. */
export function openExportArchive({ ctx, input }: { ctx: Ctx; input: ExportInput }): Download {
  const { folder, manifestSha256, slug, number, format, createdAt } = servedExport(ctx, input);
  record(ctx, input, 'all');
  return zipDownload({
    folder: `${slug}-snapshot-${number}-${format}`,
    entries: filesOf(folder).map(({ name, bytes }) => ({ name, bytes, file: path.join(folder, name) })),
    madeAt: createdAt,
    etag: etagOf(`${manifestSha256}/all`),
  });
}

type ServedExport = {
  /** full path */
  folder: string;
  manifestSha256: string;
  format: string;
  createdAt: number;
  number: number;
  slug: string;
};

/** The gate that every way to an export's bytes passes: right, project, nothing erased. */
function servedExport(ctx: Ctx, input: ExportInput): ServedExport {
  requirePermission(ctx, input.projectId, 'snapshots.export');
  const { folder, manifestSha256, format, createdAt, erasedAt } = snapshotExports;
  const row = ctx.db
    .select({
      ...{ folder, manifestSha256, format, createdAt, erasedAt },
      ...{ number: snapshots.number, slug: projects.slug },
    })
    .from(snapshotExports)
    .innerJoin(snapshots, eq(snapshots.id, snapshotExports.snapshotId))
    .innerJoin(projects, eq(projects.id, snapshots.projectId))
    .where(and(eq(snapshotExports.id, input.exportId), eq(snapshots.projectId, input.projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No export ${input.exportId} in this project.`);
  requireServed(row);
  return { ...row, folder: path.join(ctx.dataFolder, row.folder) };
}

function filesOf(folder: string): { name: string; bytes: number }[] {
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: statSync(path.join(folder, name)).size }));
}

function record(ctx: Ctx, { projectId, exportId }: ExportInput, file: string): void {
  ctx.db.transaction(
    () => {
      appendAudit(ctx, { action: 'snapshots.download', subject: exportId, projectId, payload: { file } });
    },
    { behavior: 'immediate' },
  );
}
