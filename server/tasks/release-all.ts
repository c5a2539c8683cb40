import { and, eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import { type Ctx, requireUser } from '../context.ts';
import { hashLeaseToken } from './lease-token.ts';
import { FREE_SEAT } from './release.ts';
import type { ReleaseAllInput } from './schemas.ts';

/**
 * Gives several leased seats back at once, as a page does that is left: nobody is there any more to hear of a problem, so
 * a seat that is not this person's by this token (judged, passed on, leased anew) is left alone. Returns how many went back.
 */
export function releaseLeases({ ctx, input }: { ctx: Ctx; input: ReleaseAllInput }): { released: number } {
  const userId = requireUser(ctx);
  return ctx.db.transaction(
    () => {
      const done = input.leases.map(
        ({ seatId, leaseToken }) =>
          ctx.db
            .update(seats)
            .set(FREE_SEAT)
            .where(
              and(
                eq(seats.id, seatId),
                eq(seats.projectId, input.projectId),
                eq(seats.annotatorId, userId),
                eq(seats.state, 'leased'),
                eq(seats.leaseTokenHash, hashLeaseToken(leaseToken)),
              ),
            )
            .run().changes,
      );
      return { released: done.reduce((sum, changes) => sum + changes, 0) };
    },
    { behavior: 'immediate' },
  );
}
