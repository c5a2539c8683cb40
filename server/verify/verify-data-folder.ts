import path from 'node:path';
import { and, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { checkpoints } from '../../db/schema/models.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import type { Finding } from '../audit/schemas.ts';
import { DomainError } from '../errors.ts';
import { checkpointFolder, verifyFolder as verifyCheckpoint } from '../models/internal.ts';
import { verifyFolder } from '../snapshots/manifest.ts';
import { verifyChain } from './verify-chain.ts';
import { verifyContents } from './verify-contents.ts';

export type DataFolderReport = {
  /** audit records found good, and the hash of the last of them */
  records: number;
  head: string;
  judgments: number;
  prompts: number;
  responses: number;
  snapshots: number;
  exports: number;
  checkpoints: number;
  broken: Finding | null;
};

/**
 * Checks a database and the files that belong to it, in the order in which one vouches for the next: the audit chain, the
 * rows it recorded, the manifests it recorded, the bytes those list. Stops at the first thing that is wrong.
 * `dataFolder` null leaves the files out.
 */
export async function verifyDataFolder(db: Db, dataFolder: string | null): Promise<DataFolderReport> {
  const chain = await verifyChain(db);
  const report: DataFolderReport = {
    records: chain.records,
    head: chain.head,
    judgments: 0,
    prompts: 0,
    responses: 0,
    snapshots: 0,
    exports: 0,
    checkpoints: 0,
    broken: chain.broken,
  };
  if (report.broken) return report;
  const { broken, ...contents } = await verifyContents(db);
  Object.assign(report, contents, { broken });
  if (report.broken || dataFolder === null) return report;

  for (const kind of ['snapshots', 'exports'] as const) {
    for (const row of db
      .select()
      .from(kind === 'snapshots' ? snapshots : snapshotExports)
      .all()) {
      const action = kind === 'snapshots' ? 'snapshots.create' : 'snapshots.export';
      report.broken = checkRecorded(db, row, action) ?? (await checkExportedFolder(db, dataFolder, row));
      if (report.broken) return report;
      report[kind] += 1;
    }
  }
  for (const row of db.select().from(checkpoints).all()) {
    report.broken = checkRecorded(db, row) ?? (await checkCheckpoint(dataFolder, row));
    if (report.broken) return report;
    report.checkpoints += 1;
  }
  return report;
}

type FolderRow = { id: string; folder: string; manifestSha256: string };

const payloadWithManifest = z.object({ manifestSha256: z.string() });

/**
 * The row's manifest hash must be the one that the audit event of its making carries. `action` names that event where others
 * of the same subject carry a manifest too: an export by the command line is an event of its snapshot.
 */
function checkRecorded(db: Db, row: FolderRow, action?: string): Finding | null {
  const events = db
    .select({ payload: auditLog.payload })
    .from(auditLog)
    .where(and(eq(auditLog.subject, row.id), action === undefined ? undefined : eq(auditLog.action, action)))
    .orderBy(desc(auditLog.seq))
    .all();
  const recorded = events
    .map(({ payload }) => payloadWithManifest.safeParse(JSON.parse(payload)))
    .find(({ success }) => success)?.data?.manifestSha256;
  if (recorded === row.manifestSha256) return null;
  return {
    where: `row ${row.id}`,
    problem:
      recorded === undefined
        ? 'no audit event recorded its manifest'
        : `its manifest hash is ${row.manifestSha256}, the audit log recorded ${recorded}`,
  };
}

async function checkExportedFolder(db: Db, dataFolder: string, row: FolderRow): Promise<Finding | null> {
  const check = await verifyFolder(path.join(dataFolder, row.folder));
  if (!check.ok) {
    const line = check.line === null ? '' : `:${check.line}`;
    return { where: `${row.folder}/${check.file}${line}`, problem: check.message };
  }
  if (check.manifestSha256 !== row.manifestSha256) {
    const problem = `its sha256 is ${check.manifestSha256}, recorded ${row.manifestSha256}`;
    return { where: `${row.folder}/manifest.json`, problem };
  }
  const { seq, hash } = check.manifest.audit_head;
  const record = db.select({ hash: auditLog.hash }).from(auditLog).where(eq(auditLog.seq, seq)).get();
  if (seq === 0 || record?.hash === hash) return null;
  return {
    where: `${row.folder}/manifest.json`,
    problem: `it was made when audit record ${seq} had the hash ${hash}; now it has ${record?.hash ?? 'gone'}`,
  };
}

async function checkCheckpoint(dataFolder: string, row: FolderRow): Promise<Finding | null> {
  try {
    await verifyCheckpoint(checkpointFolder(dataFolder, row.folder), row.manifestSha256);
    return null;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { where: `checkpoint ${row.id}`, problem: error.message };
  }
}
