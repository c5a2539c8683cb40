import { and, desc, eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Judgment } from './internal.ts';

/**
 * Latest revision of the signed-in person's judgment that `judgmentId` (any revision) belongs to, or that is of a task.
 * Throws `not-found`.
 */
export function getOwnJudgment(
  ctx: Ctx,
  input: { projectId: string } & ({ judgmentId: string } | { taskId: string }),
): Judgment {
  const userId = requireUser(ctx);
  const isNamed =
    'judgmentId' in input ? eq(judgments.id, input.judgmentId) : eq(judgments.taskId, input.taskId);
  const named = ctx.db
    .select({ taskId: judgments.taskId })
    .from(judgments)
    .where(and(isNamed, eq(judgments.projectId, input.projectId), eq(judgments.annotatorId, userId)))
    .get();
  if (!named) {
    const which = 'judgmentId' in input ? input.judgmentId : `of task ${input.taskId}`;
    throw new DomainError('not-found', `You have no judgment ${which} in this project.`);
  }
  return ctx.db
    .select()
    .from(judgments)
    .where(and(eq(judgments.taskId, named.taskId), eq(judgments.annotatorId, userId)))
    .orderBy(desc(judgments.revision))
    .limit(1)
    .get() as Judgment;
}
