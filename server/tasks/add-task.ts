import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { everyColumn, prepared } from '../../db/prepared.ts';
import { seats, type TASK_KINDS, taskResponses, tasks } from '../../db/schema/tasks.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { taskHash } from './content-hash.ts';

const findTask = (db: Db) =>
  db
    .select({ id: tasks.id, overlap: tasks.overlap })
    .from(tasks)
    .where(
      and(
        eq(tasks.projectId, sql.placeholder('projectId')),
        eq(tasks.contentHash, sql.placeholder('contentHash')),
      ),
    )
    .prepare();
const insertTask = (db: Db) =>
  db
    .insert(tasks)
    .values(everyColumn(tasks) as never)
    .prepare();
const insertTaskResponse = (db: Db) =>
  db
    .insert(taskResponses)
    .values(everyColumn(taskResponses) as never)
    .prepare();

/**
 * The id of the task that asks for these responses, added with its seats when the question is new. overlap 0 = nobody is
 * asked (an imported comparison); asking people for the first time opens its seats and counts as new. The caller has checked that the responses belong to the prompt, and runs this inside
 * the transaction of the change that needs it, which also writes the audit event.
 */
export function addTask({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: {
    projectId: string;
    promptId: string;
    responseIds: string[];
    overlap: number;
    priority?: number;
    kind?: (typeof TASK_KINDS)[number];
  };
}): { taskId: string; isNew: boolean } {
  const { projectId, promptId, responseIds, overlap, priority = 0, kind = 'normal' } = input;
  const contentHash = taskHash(promptId, responseIds);
  const known = prepared(ctx.db, findTask).get({ projectId, contentHash });
  const isAskedFirst = known?.overlap === 0 && overlap > 0;
  if (known && !isAskedFirst) return { taskId: known.id, isNew: false };
  const now = ctx.now();
  if (known) {
    ctx.db.update(tasks).set({ overlap, priority, kind }).where(eq(tasks.id, known.id)).run();
    addSeats(ctx, { taskId: known.id, projectId, priority, overlap });
    return { taskId: known.id, isNew: true };
  }
  const taskId = newId('tsk', now);
  const row = { id: taskId, projectId, promptId, kind, overlap, priority, contentHash, createdAt: now };
  prepared(ctx.db, insertTask).run(row satisfies typeof tasks.$inferSelect);
  responseIds.forEach((responseId, position) => {
    const place: typeof taskResponses.$inferSelect = { taskId, responseId, position };
    prepared(ctx.db, insertTaskResponse).run(place);
  });
  addSeats(ctx, { taskId, projectId, priority, overlap });
  return { taskId, isNew: true };
}

function addSeats(
  ctx: Ctx,
  { overlap, ...seat }: { taskId: string; projectId: string; priority: number; overlap: number },
): void {
  for (let number = 0; number < overlap; number++) {
    ctx.db
      .insert(seats)
      .values({ id: newId('sea', ctx.now()), ...seat })
      .run();
  }
}
