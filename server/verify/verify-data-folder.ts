import type { AuditRecord } from '../../db/audit/append-record.ts';
import type { Db } from '../../db/client.ts';
import type { Finding } from '../audit/schemas.ts';
import { collectErased } from './collect-erased.ts';
import { collectFindings, type Findings } from './findings.ts';
import { type Progress, startMeter } from './progress.ts';
import { verifyChain } from './verify-chain.ts';
import { verifyContents } from './verify-contents.ts';
import { verifyDerived } from './verify-derived.ts';
import { verifyFiles } from './verify-files.ts';
import { type Trusted, watchHeads } from './verify-heads.ts';
import { verifyRows } from './verify-rows.ts';

export type DatabaseReport = {
  /** audit records found good, and the hash of the last one */
  records: number;
  head: string;
  judgments: number;
  prompts: number;
  responses: number;
  /** rows, or groups of rows, that are as the log says */
  rows: number;
  /** signed heads that are of this log */
  heads: number;
  /** what was erased on purpose: what, when, by whom and why, in words; the first thousand */
  erased: string[];
  /** what this database cannot be checked for, in words */
  notCovered: string[];
  /** the first thousand, the one that explains most first */
  findings: Finding[];
  /** all of them, by kind */
  counts: Findings['counts'];
  /** the first finding */
  broken: Finding | null;
};
export type DataFolderReport = DatabaseReport & { snapshots: number; exports: number; checkpoints: number };

/**
 * Checks a database alone: the audit chain, every row that it vouches for, and every signed head, also those in `dataFolder` and
 * those that were kept elsewhere. Goes on after a finding.
 */
export async function verifyDatabase(
  db: Db,
  {
    findings = collectFindings(),
    onProgress = () => {},
    dataFolder = null,
    trusted = { heads: [], publicKey: null },
  }: { findings?: Findings; onProgress?: Progress; dataFolder?: string | null; trusted?: Trusted } = {},
): Promise<DatabaseReport> {
  const heads = watchHeads(db, { dataFolder, trusted, findings });
  const erased = collectErased();
  const meter = startMeter(db, onProgress);
  const onRecord = (record: AuditRecord) => {
    heads.onRecord(record);
    erased.onRecord(record);
  };
  const chain = await verifyChain(db, findings, onRecord, meter);
  const numHeads = heads.finish();
  const isCovered = chain.firstWithRows !== null;
  const notCovered: string[] = erased.open();
  let rows = 0;
  if (isCovered) {
    rows = Object.values(await verifyRows(db, findings, meter)).reduce((sum, n) => sum + n, 0);
    const taken = baselineOf(db);
    if (taken !== null) notCovered.push(taken);
  } else if (chain.records > 0) {
    notCovered.push(
      'rows other than judgments, prompts and responses: this folder was not opened yet by version 0.7.0 or later, which takes them over',
    );
  }
  const contents = await verifyContents(db, findings, { isCovered, meter });
  await verifyDerived(db, findings);
  return {
    ...{
      records: chain.records,
      head: chain.head,
      heads: numHeads,
      rows,
      ...contents,
      erased: erased.list,
      notCovered,
    },
    ...{ findings: findings.list, counts: findings.counts, broken: findings.list[0] ?? null },
  };
}

/**
 * Checks a database and the files that belong to it, in the order in which one vouches for the next: the audit chain, the
 * rows it recorded, the manifests it recorded, the bytes those list. `dataFolder` null leaves the files out.
 */
export async function verifyDataFolder(
  db: Db,
  dataFolder: string | null,
  { onProgress, trusted }: { onProgress?: Progress; trusted?: Trusted } = {},
): Promise<DataFolderReport> {
  const findings = collectFindings();
  const report = await verifyDatabase(db, {
    ...{ findings, dataFolder },
    ...(onProgress && { onProgress }),
    ...(trusted && { trusted }),
  });
  const files =
    dataFolder === null
      ? { snapshots: 0, exports: 0, checkpoints: 0 }
      : await verifyFiles(db, dataFolder, findings);
  return { ...report, ...files, counts: findings.counts, broken: findings.list[0] ?? null };
}

/** Since when rows of an earlier version are vouched for. */
function baselineOf(db: Db): string | null {
  const first = db.$client
    .prepare(`select seq, at from audit_log where action = 'audit.baseline' order by seq limit 1`)
    .get() as { seq: number; at: number } | undefined;
  if (!first) return null;
  const day = new Date(first.at).toISOString();
  return `rows written before 0.7.0: they were taken over as they stood on ${day} (audit record ${first.seq}); of what happened to them before, only changes to judgments, prompts and responses can be seen`;
}
