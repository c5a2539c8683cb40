import { and, eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import { type Ctx, requireUser } from '../context.ts';
import { getLeasedSeat } from '../tasks/get-leased-seat.ts';
import { getProjectSettings, guidelineVersionAt } from '../tasks/internal.ts';
import { checkAnswer } from './check-answer.ts';
import { answerColumns, appendJudgment, findReplay, sourceOf } from './internal.ts';
import type { Receipt, RecordInput } from './schemas.ts';

/**
 * Records what the signed-in person says of the task they hold a lease of, and closes the seat: judgment, audit event and
 * seat change together or not at all. Sent twice with the same key, it answers with the first receipt. Throws `expired`
 * when the lease does not live any more (nothing is written: tasks.reclaim may give a new token), `invalid` when the
 * answer does not fit the task, `conflict` when the key was used for another answer or the task is already judged.
 */
export function recordJudgment({ ctx, input }: { ctx: Ctx; input: RecordInput }): Receipt {
  const userId = requireUser(ctx);
  const { projectId, seatId, idempotencyKey } = input;
  return ctx.db.transaction(
    () => {
      const named = ctx.db
        .select({ taskId: seats.taskId })
        .from(seats)
        .where(and(eq(seats.id, seatId), eq(seats.projectId, projectId)))
        .get();
      const taskId = named?.taskId ?? null;
      const replayed = findReplay(ctx, { userId, taskId, idempotencyKey, answer: input });
      if (replayed) return replayed;

      const seat = getLeasedSeat(ctx, input);
      const shownOrder = seat.shownOrder ?? [];
      const leasedAt = seat.leasedAt ?? 0;
      checkAnswer(input, {
        shownOrder,
        requireRationale: getProjectSettings(ctx, projectId).requireRationale,
      });
      const now = ctx.now();
      const receipt = appendJudgment(
        ctx,
        {
          projectId,
          taskId: seat.taskId,
          source: sourceOf(ctx, userId),
          annotatorId: userId,
          importId: null,
          given: null,
          revision: 1,
          margin: null,
          ...answerColumns(input, now),
          shownOrder,
          guidelineVersion: guidelineVersionAt(ctx, projectId, leasedAt),
          leasedAt,
          submittedAt: now,
          idempotencyKey,
          erasedAt: null,
        },
        'judgments.record',
      );
      ctx.db
        .update(seats)
        .set({ state: 'done', leaseTokenHash: null, leaseExpiresAt: null })
        .where(eq(seats.id, seat.id))
        .run();
      return receipt;
    },
    { behavior: 'immediate' },
  );
}
