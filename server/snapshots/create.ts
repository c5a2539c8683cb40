import { rmSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { desc, eq, gte, isNull, or } from 'drizzle-orm';
import { GENESIS_HASH } from '../../db/audit/append-record.ts';
import { publicKeyOf, signHead } from '../../db/audit/heads.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { erasures } from '../../db/schema/erasures.ts';
import {
  type SnapshotCounts,
  type SnapshotQuery,
  snapshotJudgments,
  snapshots,
} from '../../db/schema/snapshots.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { codeVersion } from './code-version.ts';
import { collectRows, pseudonymFor, pseudonymsOf } from './collect-rows.ts';
import { FolderWriter } from './folder-writer.ts';
import { RAW_FILE, type Snapshot, summariseSnapshot } from './internal.ts';
import type { Manifest } from './manifest.ts';
import { type CreateSnapshotInput, createSnapshotInput, type SnapshotSummary } from './schemas.ts';
import { selectJudgments } from './select-judgments.ts';

/**
 * Freezes the judgments that a query keeps: raw.jsonl and manifest.json in a folder of its own, then snapshot, members and
 * audit event in one transaction. Judgments recorded while the files are written are not in it. Throws `invalid` when the
 * query keeps nothing.
 */
export async function createSnapshot({
  ctx,
  input,
  onKept,
}: {
  ctx: Ctx;
  input: CreateSnapshotInput;
  /** called in the transaction that registers the snapshot: throws, and there is none */
  onKept?: (snapshotId: string, counts: SnapshotCounts) => void;
}): Promise<SnapshotSummary> {
  const { projectId, sources, annotatorIds, seed, until } = createSnapshotInput.parse(input);
  const createdAt = ctx.now();
  const query: SnapshotQuery = { sources: [...sources].sort(), until: until ?? createdAt, annotatorIds };
  const selection = ctx.db.transaction(() => ({
    ...selectJudgments(ctx, projectId, query),
    auditHead: readAuditHead(ctx),
  }));
  if (selection.ids.length === 0) throw new DomainError('invalid', nothingKept(selection.counts.dropped));

  const signed = await writeWhenUnlocked(ctx.db, () => signedHead(ctx, selection.auditHead.seq));
  const id = newId('snp', createdAt);
  const folder = path.join('snapshots', id);
  const writer = new FolderWriter(path.join(ctx.dataFolder, folder));
  try {
    const bySource: Record<string, number> = {};
    writer.addFile(RAW_FILE);
    for (const page of collectRows(ctx, projectId, selection.ids)) {
      for (const row of page) {
        writer.addRow(RAW_FILE, canonicalJson(row));
        bySource[row.source] = (bySource[row.source] ?? 0) + 1;
      }
      await nextTurn();
    }
    const { kept, dropped } = selection.counts;
    const manifestSha256 = writer.finish({
      kind: 'snapshot',
      format: null,
      snapshot_id: id,
      snapshot_manifest_sha256: null,
      project_id: projectId,
      created_at: createdAt,
      code_version: codeVersion(),
      query: {
        sources: query.sources,
        until: query.until,
        annotators: namesOf(ctx, projectId, annotatorIds),
      },
      seed,
      counts: { judgments: kept, by_source: bySource, dropped, rows: kept, not_exported: {} },
      audit_head: selection.auditHead,
      ...(signed && { signed_head: signed }),
    });
    const createdBy = ctx.actor.type === 'user' ? ctx.actor.userId : 'system';
    const row = {
      id,
      projectId,
      query,
      seed,
      counts: selection.counts,
      folder,
      manifestSha256,
      createdBy,
      createdAt,
    };
    return summariseSnapshot(await keep(ctx, row, { judgmentIds: selection.ids, onKept }));
  } catch (error) {
    // a folder that no row names must not stay
    rmSync(path.join(ctx.dataFolder, folder), { recursive: true, force: true });
    throw error;
  } finally {
    writer.abandon();
  }
}

function keep(
  ctx: Ctx,
  row: Omit<Snapshot, 'number' | 'erasedAt'>,
  {
    judgmentIds,
    onKept,
  }: {
    judgmentIds: readonly string[];
    onKept: ((snapshotId: string, counts: SnapshotCounts) => void) | undefined;
  },
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
    const snapshot = { ...row, number: (last?.number ?? 0) + 1, erasedAt: null };
    ctx.db.insert(snapshots).values(snapshot).run();
    for (let from = 0; from < judgmentIds.length; from += 1000) {
      ctx.db
        .insert(snapshotJudgments)
        .values(
          judgmentIds.slice(from, from + 1000).map((judgmentId) => ({ snapshotId: row.id, judgmentId })),
        )
        .run();
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

function namesOf(ctx: Ctx, projectId: string, annotatorIds: string[] | null): string[] | null {
  if (annotatorIds === null) return null;
  const pseudonyms = pseudonymsOf(ctx, projectId);
  return annotatorIds.map((userId) => pseudonymFor({ projectId, pseudonyms }, userId)).sort();
}

function nothingKept(dropped: Record<string, number>): string {
  const reasons = Object.entries(dropped).map(([reason, n]) => `${n} ${reason}`);
  return reasons.length === 0
    ? 'This project has no judgments yet, so there is nothing to freeze.'
    : `The query keeps no judgment; left out: ${reasons.join(', ')}.`;
}
