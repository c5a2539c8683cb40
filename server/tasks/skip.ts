import { eq } from 'drizzle-orm';
import { seats, skips } from '../../db/schema/tasks.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireUser } from '../context.ts';
import { getLeasedSeat } from './get-leased-seat.ts';
import { FREE_SEAT } from './release.ts';
import type { SkipInput } from './schemas.ts';

/** Passes a task over: others may still judge it, this person is not offered it again. Throws as getLeasedSeat. */
export function skipTask({ ctx, input }: { ctx: Ctx; input: SkipInput }): { skipped: true } {
  const userId = requireUser(ctx);
  return ctx.db.transaction(
    () => {
      const seat = getLeasedSeat(ctx, input);
      ctx.db.update(seats).set(FREE_SEAT).where(eq(seats.id, seat.id)).run();
      ctx.db
        .insert(skips)
        .values({ taskId: seat.taskId, annotatorId: userId, reason: input.reason, at: ctx.now() })
        .onConflictDoNothing()
        .run();
      appendAudit(ctx, {
        action: 'tasks.skip',
        subject: seat.taskId,
        projectId: input.projectId,
        payload: { seatId: seat.id, hasReason: input.reason !== '' },
      });
      return { skipped: true };
    },
    { behavior: 'immediate' },
  );
}
