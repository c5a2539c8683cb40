import { and, eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { describeClaim, getProjectSettings } from './internal.ts';
import { newLeaseToken } from './lease-token.ts';
import type { ClaimedTask, ReclaimInput } from './schemas.ts';

/**
 * A new token for a seat that this person held last and that nobody has taken since: the answer on the screen can then be
 * sent. Order and leased_at stay those under which the answer was made. Throws `conflict` when the seat has passed on.
 */
export function reclaimSeat({ ctx, input }: { ctx: Ctx; input: ReclaimInput }): { task: ClaimedTask } {
  const userId = requireUser(ctx);
  return ctx.db.transaction(
    () => {
      const seat = ctx.db
        .select()
        .from(seats)
        .where(and(eq(seats.id, input.seatId), eq(seats.projectId, input.projectId)))
        .get();
      if (!seat) throw new DomainError('not-found', `No seat ${input.seatId} in this project.`);
      if (seat.annotatorId !== userId || seat.state !== 'leased') {
        const isDone = seat.annotatorId === userId && seat.state === 'done';
        throw new DomainError(
          'conflict',
          isDone
            ? 'You have already judged this task; revise your judgment instead.'
            : 'This seat has been given back or taken by somebody else; claim the next task.',
        );
      }
      const { token, hash } = newLeaseToken();
      const leaseMs = getProjectSettings(ctx, input.projectId).leaseMinutes * 60_000;
      const again = { leaseTokenHash: hash, leaseExpiresAt: ctx.now() + leaseMs };
      ctx.db.update(seats).set(again).where(eq(seats.id, seat.id)).run();
      return { task: describeClaim(ctx, { ...seat, ...again }, token) };
    },
    { behavior: 'immediate' },
  );
}
