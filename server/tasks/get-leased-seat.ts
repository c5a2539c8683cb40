import { timingSafeEqual } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Seat } from './internal.ts';
import { hashLeaseToken } from './lease-token.ts';

/**
 * The seat that a token proves a live lease of. Call inside the transaction that acts on it.
 * Throws `not-found` for a seat of another project, `conflict` when this person has already judged it, `expired` for
 * everything else that is no live lease of this person: too late, replaced by a newer token, passed on, or forged.
 */
export function getLeasedSeat(
  ctx: Ctx,
  input: { projectId: string; seatId: string; leaseToken: string },
): Seat {
  const userId = requireUser(ctx);
  const seat = ctx.db
    .select()
    .from(seats)
    .where(and(eq(seats.id, input.seatId), eq(seats.projectId, input.projectId)))
    .get();
  if (!seat) throw new DomainError('not-found', `No seat ${input.seatId} in this project.`);
  const isMine = seat.annotatorId === userId;
  if (isMine && seat.state === 'done') {
    throw new DomainError('conflict', 'You have already judged this task; revise your judgment instead.');
  }
  if (!isMine || seat.state !== 'leased') {
    throw new DomainError(
      'expired',
      'This task is not leased to you: the lease ran out or was given back, and the seat may have passed to somebody else.',
    );
  }
  if (!sameHash(hashLeaseToken(input.leaseToken), seat.leaseTokenHash ?? '')) {
    throw new DomainError(
      'expired',
      'The lease token is not the one of your current lease of this task (it may be open in another tab). Claim the seat again to go on here.',
    );
  }
  if ((seat.leaseExpiresAt ?? 0) <= ctx.now()) {
    throw new DomainError(
      'expired',
      'The lease ran out. Nobody else has taken the task so far: claim the seat again and send the answer once more.',
    );
  }
  return seat;
}

function sameHash(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
