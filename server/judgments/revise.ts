import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getProjectSettings, guidelineVersionAt } from '../tasks/internal.ts';
import { checkAnswer } from './check-answer.ts';
import { getOwnJudgment } from './get-own.ts';
import { answerColumns, appendJudgment, findReplay } from './internal.ts';
import type { Receipt, ReviseInput } from './schemas.ts';

/**
 * Corrects an own judgment by appending the next revision, in the order shown the first time; nothing is overwritten.
 * Throws `not-found` for a judgment that is not one's own, `conflict` when `judgmentId` is not the latest revision (it was
 * changed elsewhere), `invalid` when the answer does not fit.
 */
export function reviseJudgment({ ctx, input }: { ctx: Ctx; input: ReviseInput }): Receipt {
  const userId = requireUser(ctx);
  const { projectId, idempotencyKey } = input;
  return ctx.db.transaction(
    () => {
      const latest = getOwnJudgment(ctx, input);
      const replayed = findReplay(ctx, { userId, taskId: latest.taskId, idempotencyKey, answer: input });
      if (replayed) return replayed;
      if (latest.erasedAt !== null) {
        throw new DomainError(
          'conflict',
          'A text of this task was erased: the judgment can no longer be changed.',
        );
      }
      if (latest.id !== input.judgmentId) {
        throw new DomainError(
          'conflict',
          `This judgment has been changed since: revision ${latest.revision} is the latest. Open it and change that one.`,
        );
      }
      checkAnswer(input, {
        shownOrder: latest.shownOrder,
        requireRationale: getProjectSettings(ctx, projectId).requireRationale,
      });
      const now = ctx.now();
      const { id: _id, eventHash: _eventHash, ...unchanged } = latest;
      return appendJudgment(
        ctx,
        {
          ...unchanged,
          ...answerColumns(input, now),
          revision: latest.revision + 1,
          guidelineVersion: guidelineVersionAt(ctx, projectId, now),
          submittedAt: now,
          idempotencyKey,
        },
        'judgments.revise',
      );
    },
    { behavior: 'immediate' },
  );
}
