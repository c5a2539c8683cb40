import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import type { DropReason } from '../../lib/snapshot-query.ts';
import type { Ctx } from '../context.ts';
import { getSnapshotInProject, requireList, type Snapshot } from './internal.ts';
import type { compareSnapshotsInput } from './schemas.ts';
import { EVERY_ROW, openSelection } from './select-judgments.ts';

/** One short read of each snapshot. */
const PAGE = 500;
const BUDGET_MS = 250;
/** Judgments that are named for each reason in one call. */
const MAX_NAMED = 20;

/** Why a judgment is in one snapshot and not in the other: the other's query leaves it out, or it came while that was made. */
export type DifferenceReason = DropReason | 'recorded-later';
export type Difference = { reason: DifferenceReason; judgments: number; ids: string[] };
export type Comparison = {
  both: number;
  /** in the first one alone, by what keeps them out of the other */
  onlyInFirst: Difference[];
  onlyInOther: Difference[];
  /** ask again with it for the next ones, and add up; null at the end */
  cursor: string | null;
};

/**
 * Which judgments two snapshots share, and why the others are in one of them alone: what the other's own query says of them.
 * Works for a quarter of a second, then says where to go on. Throws `conflict` while the list of one is still being written.
 */
export async function compareSnapshots({
  ctx,
  input: { projectId, snapshotId, otherId, cursor },
}: {
  ctx: Ctx;
  input: z.output<typeof compareSnapshotsInput>;
}): Promise<Comparison> {
  const [first, other] = [snapshotId, otherId].map((id) =>
    wholeSnapshot(ctx, { projectId, snapshotId: id }),
  ) as [Snapshot, Snapshot];
  const selectionOf = ({ query }: Snapshot) => openSelection(ctx, { projectId, query, upTo: EVERY_ROW });
  const [byFirst, byOther] = [selectionOf(first), selectionOf(other)];
  const members = ctx.db.$client
    .prepare(
      `SELECT judgment_id FROM snapshot_judgments WHERE snapshot_id = ? AND judgment_id > ? ORDER BY judgment_id LIMIT ${PAGE}`,
    )
    .pluck();
  const [onlyInFirst, onlyInOther] = [new Map<string, Difference>(), new Map<string, Difference>()];
  let both = 0;
  let at: string | null = cursor ?? '';
  const deadline = performance.now() + BUDGET_MS;
  do {
    const ofFirst = members.all(first.id, at) as string[];
    const ofOther = members.all(other.id, at) as string[];
    // up to where both pages reach; a page that is not full reaches to the end
    const ends = [ofFirst, ofOther].flatMap((page) => (page.length < PAGE ? [] : [page.at(-1) as string]));
    const end: string | null = ends.length === 0 ? null : (ends.sort()[0] as string);
    const within = (ids: string[]) => (end === null ? ids : ids.filter((id) => id <= end));
    const [mine, theirs] = [within(ofFirst), within(ofOther)];
    const [isMine, isTheirs] = [new Set(mine), new Set(theirs)];
    const alone = mine.filter((id) => !isTheirs.has(id));
    both += mine.length - alone.length;
    addReasons(onlyInFirst, byOther.of(alone));
    addReasons(onlyInOther, byFirst.of(theirs.filter((id) => !isMine.has(id))));
    at = end;
    await nextTurn();
  } while (at !== null && performance.now() < deadline);
  return { both, onlyInFirst: sorted(onlyInFirst), onlyInOther: sorted(onlyInOther), cursor: at };
}

function wholeSnapshot(ctx: Ctx, input: { projectId: string; snapshotId: string }): Snapshot {
  const snapshot = getSnapshotInProject(ctx, input);
  requireList(snapshot);
  return snapshot;
}

function addReasons(
  differences: Map<string, Difference>,
  judged: readonly { id: string; reason: DropReason | null }[],
): void {
  for (const { id, reason: said } of judged) {
    const reason = said ?? 'recorded-later';
    const known = differences.get(reason) ?? { reason, judgments: 0, ids: [] };
    known.judgments += 1;
    if (known.ids.length < MAX_NAMED) known.ids.push(id);
    differences.set(reason, known);
  }
}

function sorted(differences: Map<string, Difference>): Difference[] {
  return [...differences.values()].sort((a, b) => b.judgments - a.judgments);
}
