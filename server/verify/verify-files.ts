import { existsSync } from 'node:fs';
import path from 'node:path';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { erasures } from '../../db/schema/erasures.ts';
import { checkpoints } from '../../db/schema/models.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import { DomainError } from '../errors.ts';
import { checkpointFolder, verifyFolder as verifyCheckpoint } from '../models/internal.ts';
import { verifyFolder } from '../snapshots/manifest.ts';
import type { Findings } from './findings.ts';

export type FilesReport = { snapshots: number; exports: number; checkpoints: number };

type FolderRow = { id: string; folder: string; manifestSha256: string; erasedAt: number | null };
type Check = { db: Db; dataFolder: string; findings: Findings };

/** Checks the folders that rows name: the manifest that the log recorded, and every byte that it lists. */
export async function verifyFiles(db: Db, dataFolder: string, findings: Findings): Promise<FilesReport> {
  const check = { db, dataFolder, findings };
  const report: FilesReport = { snapshots: 0, exports: 0, checkpoints: 0 };
  for (const row of foldersOf(db, snapshots)) {
    checkRecorded(check, row, 'snapshots.create');
    if (await checkDataFolder(check, row)) report.snapshots += 1;
  }
  for (const row of foldersOf(db, snapshotExports)) {
    checkRecorded(check, row, 'snapshots.export');
    if (await checkDataFolder(check, row)) report.exports += 1;
  }
  for (const row of foldersOf(db, checkpoints)) {
    checkRecorded(check, row, 'models.register');
    if (await checkCheckpoint(check, row)) report.checkpoints += 1;
  }
  return report;
}

/** without the columns of JSON, which somebody may have made unreadable */
function foldersOf(
  db: Db,
  table: typeof snapshots | typeof snapshotExports | typeof checkpoints,
): FolderRow[] {
  const { id, folder, manifestSha256 } = table;
  const erasedAt = 'erasedAt' in table ? table.erasedAt : sql<null>`null`;
  return db.select({ id, folder, manifestSha256, erasedAt }).from(table).all();
}

/** The row's manifest hash must be the one that the audit event of its making, `action`, carries. */
function checkRecorded({ db, findings }: Check, row: FolderRow, action: string): void {
  const events = db
    .select({ manifest: sql<unknown>`iif(json_valid(payload), payload ->> '$.manifestSha256', null)` })
    .from(auditLog)
    .where(and(eq(auditLog.subject, row.id), eq(auditLog.action, action)))
    .orderBy(desc(auditLog.seq))
    .all();
  const recorded = events.map(({ manifest }) => manifest).find((manifest) => manifest !== null);
  if (recorded === row.manifestSha256) return;
  const problem =
    recorded === undefined
      ? 'no audit event recorded its manifest'
      : `its manifest hash is ${row.manifestSha256}, the audit log recorded ${recorded}`;
  findings.add('manifest', `row ${row.id}`, problem);
}

async function checkDataFolder({ db, dataFolder, findings }: Check, row: FolderRow): Promise<boolean> {
  if (row.erasedAt !== null) {
    // an erasure that is under way removes them next
    if (existsSync(path.join(dataFolder, row.folder)) && !isErasing(db))
      findings.add('file', row.folder, 'held what was erased, and is there still');
    return false;
  }
  const check = await verifyFolder(path.join(dataFolder, row.folder));
  if (!check.ok) {
    const line = check.line === null ? '' : `:${check.line}`;
    findings.add('file', `${row.folder}/${check.file}${line}`, check.message);
    return false;
  }
  const where = `${row.folder}/manifest.json`;
  if (check.manifestSha256 !== row.manifestSha256) {
    findings.add('manifest', where, `its sha256 is ${check.manifestSha256}, recorded ${row.manifestSha256}`);
    return false;
  }
  const { seq, hash } = check.manifest.audit_head;
  const record = db.select({ hash: auditLog.hash }).from(auditLog).where(eq(auditLog.seq, seq)).get();
  if (seq === 0 || record?.hash === hash) return true;
  const problem = `it was made when audit record ${seq} had the hash ${hash}; now ${record ? `it has ${record.hash}` : 'it is gone'}`;
  findings.add('head', where, problem);
  return false;
}

function isErasing(db: Db): boolean {
  const open = db.select({ id: erasures.id }).from(erasures).where(isNull(erasures.doneAt));
  return open.limit(1).get() !== undefined;
}

async function checkCheckpoint({ dataFolder, findings }: Check, row: FolderRow): Promise<boolean> {
  try {
    await verifyCheckpoint(checkpointFolder(dataFolder, row.folder), row.manifestSha256);
    return true;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    findings.add('checkpoint', `checkpoint ${row.id}`, error.message);
    return false;
  }
}
