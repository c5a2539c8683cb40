import { and, asc, eq, gt } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { seats } from '../../db/schema/tasks.ts';
import { type Ctx, requireUser } from '../context.ts';
import { describeClaim, getProjectSettings, responseIdsOf, type Seat } from './internal.ts';
import { newLeaseToken } from './lease-token.ts';
import { readProgress, whyNothingOpen } from './progress.ts';
import { type Claim, type ClaimInput, MAX_LIVE_LEASES } from './schemas.ts';
import { shuffle } from './shuffle.ts';

/**
 * Leases the next seat to the signed-in person: highest priority first, then oldest; open, or with a lease that ran out;
 * of a task that this person has neither judged nor skipped nor holds another seat of. `task: null` = nothing can be
 * claimed now, and `nothingOpen` says why.
 *
 * At most MAX_LIVE_LEASES per person and project live at a time (the task on screen and those ahead). A further claim
 * hands back a live lease with a fresh token and the same order, the one that ends first, so that a reloaded page gets
 * its tasks again; `holding` names those the page has not forgotten.
 *
 * Leases are not written to the audit log: they prove nothing once the judgment, which carries leased_at, is recorded.
 */
export function claimTask({ ctx, input }: { ctx: Ctx; input: ClaimInput }): Claim {
  const userId = requireUser(ctx);
  const task = ctx.db.transaction(
    () => {
      const now = ctx.now();
      const leaseMs = getProjectSettings(ctx, input.projectId).leaseMinutes * 60_000;
      const { token, hash } = newLeaseToken();
      const live = ctx.db
        .select()
        .from(seats)
        .where(
          and(
            eq(seats.annotatorId, userId),
            eq(seats.projectId, input.projectId),
            eq(seats.state, 'leased'),
            gt(seats.leaseExpiresAt, now),
          ),
        )
        .orderBy(asc(seats.leaseExpiresAt), asc(seats.id))
        .all();
      const forgotten = live.find((seat) => !(input.holding ?? []).includes(seat.id));
      const isFull = live.length >= MAX_LIVE_LEASES;
      if (forgotten && (isFull || input.holding !== undefined)) {
        const again = { leaseTokenHash: hash, leasedAt: now, leaseExpiresAt: now + leaseMs };
        ctx.db.update(seats).set(again).where(eq(seats.id, forgotten.id)).run();
        return describeClaim(ctx, { ...forgotten, ...again }, token);
      }
      if (isFull) return null;
      const seat = takeNextSeat(ctx, { projectId: input.projectId, userId, hash, now, leaseMs });
      return seat && describeClaim(ctx, seat, token);
    },
    { behavior: 'immediate' },
  );
  const scope = { projectId: input.projectId, userId };
  const progress = readProgress(ctx, scope);
  return task === null
    ? { task, nothingOpen: whyNothingOpen(ctx, scope), progress }
    : { task, nothingOpen: null, progress };
}

/** A seat this person may take: not in another seat of the same task (whatever its state), and not skipped. */
const ALLOWED = `
  NOT EXISTS (SELECT 1 FROM seats other WHERE other.task_id = s.task_id AND other.annotator_id = @userId AND other.id <> s.id)
  AND NOT EXISTS (SELECT 1 FROM skips WHERE skips.task_id = s.task_id AND skips.annotator_id = @userId)`;

// one statement claims: the first open seat of an index range, the first of the few whose lease ran out, then the better of them
const TAKE = `
  UPDATE seats
  SET state = 'leased', annotator_id = @userId, lease_token_hash = @hash, leased_at = @now, lease_expires_at = @expires,
    -- back to the person who held it last: the order stays, their answer may still be on a screen
    shown_order = CASE WHEN annotator_id = @userId THEN shown_order END
  WHERE id = (
    SELECT id FROM (
      SELECT * FROM (
        SELECT s.id, s.priority FROM seats s
        WHERE s.project_id = @projectId AND s.state = 'open' AND ${ALLOWED}
        ORDER BY s.priority DESC, s.id LIMIT 1)
      UNION ALL
      SELECT * FROM (
        SELECT s.id, s.priority FROM seats s INDEXED BY seats_leases
        WHERE s.project_id = @projectId AND s.state = 'leased' AND s.lease_expires_at <= @now AND ${ALLOWED}
        ORDER BY s.priority DESC, s.id LIMIT 1)
    ) ORDER BY priority DESC, id LIMIT 1)
  RETURNING id`;

const takeStatement = (db: Db) => db.$client.prepare(TAKE);

function takeNextSeat(
  ctx: Ctx,
  claim: { projectId: string; userId: string; hash: string; now: number; leaseMs: number },
): Seat | null {
  const { projectId, userId, hash, now, leaseMs } = claim;
  const before = prepared(ctx.db, takeStatement).get({
    projectId,
    userId,
    hash,
    now,
    expires: now + leaseMs,
  }) as { id: string } | undefined;
  if (!before) return null;
  const seat = ctx.db.select().from(seats).where(eq(seats.id, before.id)).get() as Seat;
  if (seat.shownOrder !== null) return seat;
  const shownOrder = shuffle(responseIdsOf(ctx, seat.taskId));
  ctx.db.update(seats).set({ shownOrder }).where(eq(seats.id, seat.id)).run();
  return { ...seat, shownOrder };
}
