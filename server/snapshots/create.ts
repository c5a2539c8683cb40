import { rmSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { desc, eq, gte, isNull, or } from 'drizzle-orm';
import { GENESIS_HASH } from '../../db/audit/append-record.ts';
import { publicKeyOf, signHead } from '../../db/audit/heads.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { erasures } from '../../db/schema/erasures.ts';
import { type SnapshotCounts, snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { newId } from '../../lib/new-id.ts';
import { SET_ASIDE, type SetAside, type SnapshotQuery } from '../../lib/snapshot-query.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { codeVersion } from './code-version.ts';
import { pseudonymFor, pseudonymsOf, rowReader } from './collect-rows.ts';
import { FolderWriter } from './folder-writer.ts';
import { LEFT_OUT_FILE, RAW_FILE, type Snapshot, summariseSnapshot } from './internal.ts';
import type { Manifest } from './manifest.ts';
import { type CreateSnapshotInput, createSnapshotInput, queryOf, type SnapshotSummary } from './schemas.ts';
import { newestRow, openSelection } from './select-judgments.ts';
import { sweepFolders } from './sweep-folders.ts';

/** Judgments that are read and written between two turns of the event loop: some milliseconds. */
const PAGE = 200;
/** Up to so many, the rows of snapshot_judgments are written in the transaction that registers the snapshot. */
const AT_ONCE = 1000;

export type CreateOptions = {
  /** called in the transaction that registers the snapshot: throws, and there is none */
  onKept?: (snapshotId: string, counts: SnapshotCounts) => void;
  onProgress?: (judgments: number) => void;
  /** asked between pages: throws, and nothing stays */
  check?: () => void;
  /** whom the snapshot names, where that is not the actor */
  createdBy?: string;
};

/**
 * Freezes the judgments that a query keeps: raw.jsonl, left-out.jsonl (what would be kept, were it not superseded or marked as not
 * rankable) and manifest.json in a folder of its own, then snapshot, members and audit event in one transaction. Reads a page at a
 * time and holds no more. Judgments recorded while the files are written are not in it. The members of a large one are written
 * behind it by a job (fill.ts). Throws `invalid` when the query keeps nothing.
 */
export async function createSnapshot({
  ctx,
  input,
  options: { onKept, onProgress, check, createdBy } = {},
}: {
  ctx: Ctx;
  input: CreateSnapshotInput;
  options?: CreateOptions;
}): Promise<SnapshotSummary> {
  const { projectId, seed, ...asked } = createSnapshotInput.parse(input);
  const createdAt = ctx.now();
  const query = queryOf(asked, createdAt);
  const start = ctx.db.transaction(() => ({ upTo: newestRow(ctx), auditHead: readAuditHead(ctx) }));
  const selection = openSelection(ctx, { projectId, query, upTo: start.upTo });
  const signed = await writeWhenUnlocked(ctx.db, () => signedHead(ctx, start.auditHead.seq));
  const id = newId('snp', createdAt);
  const folder = path.join('snapshots', id);
  sweepFolders(ctx, 'snapshots');
  const writer = new FolderWriter(path.join(ctx.dataFolder, folder));
  try {
    const counts = { kept: 0, dropped: {} as Record<string, number>, bySource: {} as Record<string, number> };
    const first: string[] = [];
    const readRows = rowReader(ctx, projectId);
    writer.addFile(RAW_FILE);
    let numLeftOut = 0;
    for (let cursor = ''; ; ) {
      const page = selection.page(cursor, PAGE);
      const written = page.filter(({ reason }) => reason === null || isSetAside(reason));
      const rows = readRows(written.map(({ id }) => id));
      for (const [i, { id: judgmentId, source, reason }] of written.entries()) {
        const row = rows[i];
        if (reason === null) {
          writer.addRow(RAW_FILE, canonicalJson(row));
          counts.kept += 1;
          counts.bySource[source] = (counts.bySource[source] ?? 0) + 1;
          if (first.length <= AT_ONCE) first.push(judgmentId);
        } else {
          writer.addRow(LEFT_OUT_FILE, canonicalJson({ ...row, left_out: reason }));
          numLeftOut += 1;
        }
      }
      for (const { reason } of page) {
        if (reason !== null) counts.dropped[reason] = (counts.dropped[reason] ?? 0) + 1;
      }
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined) break;
      cursor = last.id;
      onProgress?.(counts.kept + Object.values(counts.dropped).reduce((sum, n) => sum + n, 0));
      check?.();
      await nextTurn();
    }
    const { kept, dropped, bySource } = counts;
    if (kept === 0) throw new DomainError('invalid', nothingKept(dropped));
    const manifestSha256 = writer.finish({
      kind: 'snapshot',
      format: null,
      snapshot_id: id,
      snapshot_manifest_sha256: null,
      project_id: projectId,
      created_at: createdAt,
      code_version: codeVersion(),
      query: manifestQuery(ctx, projectId, query),
      seed,
      counts: {
        ...{ judgments: kept, by_source: bySource, dropped, rows: kept, not_exported: {} },
        left_out_rows: numLeftOut,
      },
      audit_head: start.auditHead,
      ...(signed && { signed_head: signed }),
    });
    const by = createdBy ?? (ctx.actor.type === 'user' ? ctx.actor.userId : 'system');
    const row = { id, projectId, query, seed, counts, folder, manifestSha256, createdBy: by, createdAt };
    const members = kept > AT_ONCE ? null : first;
    return summariseSnapshot(await keep(ctx, row, { members, onKept }));
  } catch (error) {
    // a folder that no row names must not stay
    rmSync(path.join(ctx.dataFolder, folder), { recursive: true, force: true });
    throw error;
  } finally {
    writer.abandon();
  }
}

function isSetAside(reason: string): reason is SetAside {
  return (SET_ASIDE as readonly string[]).includes(reason);
}

/** Registers the snapshot; `members` null: a job writes them behind it. */
function keep(
  ctx: Ctx,
  row: Omit<Snapshot, 'number' | 'status' | 'erasedAt'>,
  { members, onKept }: { members: readonly string[] | null; onKept: CreateOptions['onKept'] },
): Promise<Snapshot> {
  return writeWhenUnlocked(ctx.db, () => {
    requireNothingErased(ctx, row.createdAt);
    const last = ctx.db
      .select({ number: snapshots.number })
      .from(snapshots)
      .where(eq(snapshots.projectId, row.projectId))
      .orderBy(desc(snapshots.number))
      .limit(1)
      .get();
    const status: Snapshot['status'] = members === null ? 'filling' : null;
    const snapshot = { ...row, status, number: (last?.number ?? 0) + 1, erasedAt: null };
    ctx.db.insert(snapshots).values(snapshot).run();
    if (members !== null) {
      const rows = members.map((judgmentId) => ({ snapshotId: row.id, judgmentId }));
      ctx.db.insert(snapshotJudgments).values(rows).run();
    } else {
      const { projectId, id: snapshotId } = row;
      enqueueJob(ctx, { kind: 'fill-snapshot', payload: { projectId, snapshotId } });
    }
    const { number, manifestSha256, counts } = snapshot;
    appendAudit(ctx, {
      action: 'snapshots.create',
      subject: row.id,
      projectId: row.projectId,
      payload: { number, manifestSha256, counts },
    });
    onKept?.(row.id, counts);
    return snapshot;
  });
}

/** What was erased while the files were written may be in them. Throws `conflict`: made again, they are without it. */
function requireNothingErased(ctx: Pick<Ctx, 'db'>, since: number): void {
  const touched = or(isNull(erasures.doneAt), gte(erasures.doneAt, since));
  if (ctx.db.select({ id: erasures.id }).from(erasures).where(touched).limit(1).get()) {
    throw new DomainError(
      'conflict',
      'Something is being erased in this installation. Make the snapshot again in a moment.',
    );
  }
}

/** As a manifest carries it; null where heads are not signed. */
function signedHead({ db }: Pick<Ctx, 'db'>, seq: number): NonNullable<Manifest['signed_head']> | null {
  const head = signHead(db.$client, seq);
  return head && { ...head, public_key: publicKeyOf(db.$client) ?? '' };
}

function readAuditHead(ctx: Pick<Ctx, 'db'>): { seq: number; hash: string } {
  const head = ctx.db
    .select({ seq: auditLog.seq, hash: auditLog.hash })
    .from(auditLog)
    .orderBy(desc(auditLog.seq))
    .limit(1)
    .get();
  return head ?? { seq: 0, hash: GENESIS_HASH };
}

/** The query as whoever gets the files may read it: people by pseudonym. */
function manifestQuery(ctx: Ctx, projectId: string, query: SnapshotQuery): Manifest['query'] {
  const { annotatorIds, annotators, ...conditions } = query;
  const pseudonyms = pseudonymsOf(ctx, projectId);
  const named = annotatorIds?.map((userId) => pseudonymFor({ projectId, pseudonyms }, userId)) ?? null;
  return { ...conditions, annotators: annotators ?? named?.sort() ?? null };
}

function nothingKept(dropped: Record<string, number>): string {
  const reasons = Object.entries(dropped).map(([reason, n]) => `${n} ${reason}`);
  return reasons.length === 0
    ? 'This project has no judgments yet, so there is nothing to freeze.'
    : `The query keeps no judgment; left out: ${reasons.join(', ')}.`;
}
