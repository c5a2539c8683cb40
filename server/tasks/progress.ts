import type { Ctx } from '../context.ts';
import type { Progress } from './schemas.ts';

/** How far a person is in a project. Reads only. */
export function readProgress(
  ctx: Pick<Ctx, 'db' | 'now'>,
  { projectId, userId }: { projectId: string; userId: string },
): Progress {
  const scope = { projectId, userId };
  const mine = ctx.db.$client
    .prepare(
      `SELECT count(*) AS n FROM seats WHERE annotator_id = @userId AND project_id = @projectId AND state = 'done'`,
    )
    .get(scope) as { n: number };
  // a task waits once, however many of its seats are free
  const open = ctx.db.$client
    .prepare(
      `SELECT count(DISTINCT s.task_id) AS n FROM seats s
       WHERE s.project_id = @projectId
         AND (s.state = 'open' OR (s.state = 'leased' AND s.lease_expires_at <= @now))
         AND s.task_id NOT IN (
           SELECT task_id FROM seats WHERE annotator_id = @userId AND project_id = @projectId
             AND (state = 'done' OR lease_expires_at > @now))
         AND s.task_id NOT IN (SELECT task_id FROM skips WHERE annotator_id = @userId)`,
    )
    .get({ ...scope, now: ctx.now() }) as { n: number };
  return { mine: mine.n, openForMe: open.n };
}
