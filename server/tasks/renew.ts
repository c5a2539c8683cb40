import { eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import type { Ctx } from '../context.ts';
import { getLeasedSeat } from './get-leased-seat.ts';
import { getProjectSettings } from './internal.ts';
import type { LeaseInput } from './schemas.ts';

/** Moves the end of a live lease to a full lease time from now. Throws as getLeasedSeat. */
export function renewLease({ ctx, input }: { ctx: Ctx; input: LeaseInput }): { leaseExpiresAt: number } {
  return ctx.db.transaction(
    () => {
      const seat = getLeasedSeat(ctx, input);
      const leaseExpiresAt = ctx.now() + getProjectSettings(ctx, input.projectId).leaseMinutes * 60_000;
      ctx.db.update(seats).set({ leaseExpiresAt }).where(eq(seats.id, seat.id)).run();
      return { leaseExpiresAt };
    },
    { behavior: 'immediate' },
  );
}
