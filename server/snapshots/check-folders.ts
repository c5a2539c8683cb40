import path from 'node:path';
import { and, count, eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { snapshotExports, snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getSnapshotInProject, requireServed } from './internal.ts';
import { type Manifest, verifyFolder } from './manifest.ts';

/** What checking every byte of a folder against its manifest, and the manifest against the database, found. */
export type FolderReport =
  | {
      ok: true;
      manifestSha256: string;
      counts: Manifest['counts'];
      files: Manifest['files'];
      codeVersion: string;
    }
  | { ok: false; file: string; line: number | null; message: string };

/** Checks the files of a snapshot. Throws `not-found` for one of another project. */
export function checkSnapshot({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; snapshotId: string };
}): Promise<FolderReport> {
  const snapshot = getSnapshotInProject(ctx, input);
  requireServed(snapshot);
  const { folder, manifestSha256 } = snapshot;
  return report(path.join(ctx.dataFolder, folder), manifestSha256);
}

/** Checks the files of an export. Throws `not-found` for one of another project. */
export function checkExport({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; exportId: string };
}): Promise<FolderReport> {
  const row = ctx.db
    .select({
      folder: snapshotExports.folder,
      manifestSha256: snapshotExports.manifestSha256,
      number: snapshots.number,
      erasedAt: snapshotExports.erasedAt,
    })
    .from(snapshotExports)
    .innerJoin(snapshots, eq(snapshots.id, snapshotExports.snapshotId))
    .where(and(eq(snapshotExports.id, input.exportId), eq(snapshots.projectId, input.projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No export ${input.exportId} in this project.`);
  requireServed(row);
  return report(path.join(ctx.dataFolder, row.folder), row.manifestSha256);
}

type SourceCount = {
  snapshotId: string;
  source: 'annotator' | 'simulated' | 'imported';
  judgments: number;
};

/**
 * How many judgments of each snapshot came from people, from simulated annotators and from imports: as they were counted when it was
 * made; those of versions before 0.12 are counted here.
 */
export function snapshotSources({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): SourceCount[] {
  const made = ctx.db
    .select({ id: snapshots.id, counts: snapshots.counts })
    .from(snapshots)
    .where(eq(snapshots.projectId, input.projectId))
    .all();
  return made.flatMap(({ id, counts }): SourceCount[] => {
    if (!counts.bySource) return countSources(ctx, id);
    const bySource = Object.entries(counts.bySource) as [SourceCount['source'], number][];
    return bySource.map(([source, judgments]) => ({ snapshotId: id, source, judgments }));
  });
}

function countSources(ctx: Ctx, snapshotId: string): SourceCount[] {
  return ctx.db
    .select({ snapshotId: snapshotJudgments.snapshotId, source: judgments.source, judgments: count() })
    .from(snapshotJudgments)
    .innerJoin(judgments, eq(judgments.id, snapshotJudgments.judgmentId))
    .where(eq(snapshotJudgments.snapshotId, snapshotId))
    .groupBy(judgments.source)
    .all();
}

async function report(folder: string, recordedSha256: string): Promise<FolderReport> {
  const check = await verifyFolder(folder);
  if (!check.ok) return check;
  if (check.manifestSha256 !== recordedSha256) {
    const message = `its sha256 is ${check.manifestSha256}, but ${recordedSha256} was recorded when it was written`;
    return { ok: false, file: 'manifest.json', line: null, message };
  }
  const { counts, files, code_version } = check.manifest;
  return { ok: true, manifestSha256: check.manifestSha256, counts, files, codeVersion: code_version };
}
