import { and, asc, eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { seats, skips, taskResponses, tasks } from '../../db/schema/tasks.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { personLabels } from '../projects/person-labels.ts';
import type { GetTaskInput } from './schemas.ts';

/** A task with its responses, its seats (a lease that ran out counts as open), skips and judgments. Throws `not-found`. */
export function getTask({ ctx, input }: { ctx: Ctx; input: GetTaskInput }) {
  const { projectId, taskId } = input;
  const seesNames = requirePermission(ctx, projectId, 'data.read') === 'owner';
  const found = ctx.db
    .select({ task: tasks, prompt: prompts })
    .from(tasks)
    .innerJoin(prompts, eq(prompts.id, tasks.promptId))
    .where(and(eq(tasks.id, taskId), eq(tasks.projectId, projectId)))
    .get();
  if (!found) throw new DomainError('not-found', `No task ${taskId} in this project.`);
  const { task, prompt } = found;
  const seatRows = ctx.db.select().from(seats).where(eq(seats.taskId, taskId)).orderBy(asc(seats.id)).all();
  const skipRows = ctx.db.select().from(skips).where(eq(skips.taskId, taskId)).orderBy(asc(skips.at)).all();
  const judgmentRows = ctx.db
    .select()
    .from(judgments)
    .where(eq(judgments.taskId, taskId))
    .orderBy(asc(judgments.id))
    .all();
  const userIds = [...seatRows, ...skipRows, ...judgmentRows].flatMap(({ annotatorId }) => annotatorId ?? []);
  const labels = personLabels(ctx, projectId, { seesNames, userIds });
  const person = (userId: string) => ({ userId, label: labels.get(userId) ?? '?' });
  return {
    ...task,
    prompt: { promptId: prompt.id, messages: prompt.messages, split: prompt.split },
    responses: ctx.db
      .select({ responseId: responses.id, content: responses.content })
      .from(taskResponses)
      .innerJoin(responses, eq(responses.id, taskResponses.responseId))
      .where(eq(taskResponses.taskId, taskId))
      .orderBy(asc(taskResponses.position))
      .all(),
    seats: seatRows.map(({ id, state, annotatorId, leasedAt, leaseExpiresAt }) => {
      const isExpired = state === 'leased' && (leaseExpiresAt ?? 0) <= ctx.now();
      const isHeld = annotatorId !== null && !isExpired;
      return {
        seatId: id,
        state: isExpired ? ('open' as const) : state,
        person: isHeld ? person(annotatorId) : null,
        leasedAt: isHeld ? leasedAt : null,
        leaseExpiresAt: isHeld && state === 'leased' ? leaseExpiresAt : null,
      };
    }),
    skips: skipRows.map(({ annotatorId, reason, at }) => ({ person: person(annotatorId), reason, at })),
    judgments: judgmentRows.map(({ id, annotatorId, given, revision, source, submittedAt }) => ({
      judgmentId: id,
      person:
        annotatorId === null ? { userId: null, label: given?.annotator ?? 'imported' } : person(annotatorId),
      revision,
      source,
      submittedAt,
    })),
  };
}
