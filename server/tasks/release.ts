import { eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import type { Ctx } from '../context.ts';
import { getLeasedSeat } from './get-leased-seat.ts';
import type { LeaseInput } from './schemas.ts';

/** What a seat is when nobody holds it. */
export const FREE_SEAT = {
  state: 'open',
  annotatorId: null,
  leaseTokenHash: null,
  leasedAt: null,
  leaseExpiresAt: null,
  shownOrder: null,
} as const;

/** Gives a leased seat back: the next person may take it at once. Throws as getLeasedSeat. */
export function releaseLease({ ctx, input }: { ctx: Ctx; input: LeaseInput }): { released: true } {
  return ctx.db.transaction(
    () => {
      const seat = getLeasedSeat(ctx, input);
      ctx.db.update(seats).set(FREE_SEAT).where(eq(seats.id, seat.id)).run();
      return { released: true };
    },
    { behavior: 'immediate' },
  );
}
