import { and, eq, gte, or } from 'drizzle-orm';
import { withdrawals } from '../../db/schema/erasures.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { SnapshotQuery } from '../../lib/snapshot-query.ts';
import type { Ctx } from '../context.ts';
import type { Snapshot } from './internal.ts';

/**
 * True when freezing what the query asks for would keep exactly what the snapshot has: it was asked the same question, and no
 * judgment has come since (they are only ever added, and never change).
 */
export function isUpToDate(ctx: Pick<Ctx, 'db'>, snapshot: Snapshot, query: SnapshotQuery): boolean {
  const asked = ({ until: _until, annotatorIds: _legacy, ...conditions }: SnapshotQuery) =>
    canonicalJson({ ...conditions, sources: [...conditions.sources].sort() });
  const { kept, dropped } = snapshot.counts;
  if (snapshot.erasedAt !== null || isTouchedByWithdrawal(ctx, snapshot)) return false;
  const isOfNow = (dropped['after-until'] ?? 0) === 0 && !snapshot.query.annotatorIds;
  if (!isOfNow || asked(snapshot.query) !== asked(query)) return false;
  // what is known of a prompt may grow without a judgment
  if (query.tags || query.metadata) return false;
  const seen = Object.values(dropped).reduce((sum, n) => sum + n, kept);
  const now = ctx.db.$client
    .prepare('SELECT count(*) FROM judgments WHERE project_id = ? AND submitted_at <= ?')
    .pluck()
    .get(snapshot.projectId, query.until) as number;
  return now === seen;
}

/** Somebody's judgments were withdrawn since, or count again. */
function isTouchedByWithdrawal({ db }: Pick<Ctx, 'db'>, { projectId, createdAt }: Snapshot): boolean {
  const { createdAt: from, endedAt: to } = withdrawals;
  const since = or(gte(from, createdAt), gte(to, createdAt));
  const found = db
    .select({ id: withdrawals.id })
    .from(withdrawals)
    .where(and(eq(withdrawals.projectId, projectId), since))
    .limit(1)
    .get();
  return found !== undefined;
}
