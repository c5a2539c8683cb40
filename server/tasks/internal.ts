import { and, asc, desc, eq, lte, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { guidelines, type ProjectSettings, projects } from '../../db/schema/projects.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { type seats, taskResponses, tasks } from '../../db/schema/tasks.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { ClaimedTask } from './schemas.ts';

export type Seat = typeof seats.$inferSelect;

const findSettings = (db: Db) =>
  db
    .select({ settings: projects.settings })
    .from(projects)
    .where(eq(projects.id, sql.placeholder('projectId')))
    .prepare();

export function getProjectSettings(ctx: Pick<Ctx, 'db'>, projectId: string): ProjectSettings {
  const row = prepared(ctx.db, findSettings).get({ projectId });
  if (!row) throw new DomainError('not-found', `No project ${projectId}.`);
  return row.settings;
}

/** Version of the guidelines that was in force at a time; 0 before the first was written. */
export function guidelineVersionAt(ctx: Pick<Ctx, 'db'>, projectId: string, at: number): number {
  const row = ctx.db
    .select({ version: guidelines.version })
    .from(guidelines)
    .where(and(eq(guidelines.projectId, projectId), lte(guidelines.createdAt, at)))
    .orderBy(desc(guidelines.version))
    .limit(1)
    .get();
  return row?.version ?? 0;
}

/** Response ids of a task in canonical order. */
export function responseIdsOf(ctx: Pick<Ctx, 'db'>, taskId: string): string[] {
  return ctx.db
    .select({ id: taskResponses.responseId })
    .from(taskResponses)
    .where(eq(taskResponses.taskId, taskId))
    .orderBy(asc(taskResponses.position))
    .all()
    .map((row) => row.id);
}

/** What the page shows of a leased seat, in the order stored with the seat. */
export function describeClaim(ctx: Ctx, seat: Seat, leaseToken: string): ClaimedTask {
  const { settings, messages } = ctx.db
    .select({ settings: projects.settings, messages: prompts.messages })
    .from(tasks)
    .innerJoin(prompts, eq(prompts.id, tasks.promptId))
    .innerJoin(projects, eq(projects.id, tasks.projectId))
    .where(eq(tasks.id, seat.taskId))
    .get() as { settings: ProjectSettings; messages: ClaimedTask['prompt'] };
  const contents = new Map(
    ctx.db
      .select({ id: responses.id, content: responses.content })
      .from(taskResponses)
      .innerJoin(responses, eq(responses.id, taskResponses.responseId))
      .where(eq(taskResponses.taskId, seat.taskId))
      .all()
      .map((row) => [row.id, row.content]),
  );
  const shownOrder = seat.shownOrder ?? [];
  const leasedAt = seat.leasedAt ?? 0;
  return {
    taskId: seat.taskId,
    seatId: seat.id,
    leaseToken,
    leasedAt,
    leaseExpiresAt: seat.leaseExpiresAt ?? 0,
    guidelineVersion: guidelineVersionAt(ctx, seat.projectId, leasedAt),
    prompt: messages,
    responses: shownOrder.map((id) => ({ id, content: contents.get(id) ?? '' })),
    askStrength: settings.askStrength,
    requireRationale: settings.requireRationale,
    numPlaces: shownOrder.length,
  };
}
