import type { Db } from '../../db/client.ts';
import { countOf } from '../../db/counts.ts';
import { prepared } from '../../db/prepared.ts';
import type { Ctx } from '../context.ts';
import { MAX_COUNTED_OPEN, type NothingOpen, type Progress } from './schemas.ts';

/** Up to MAX_COUNTED_OPEN tasks with a free seat of one kind that this person may judge. */
const waiting = (seat: string, index = '') => `
  SELECT task_id FROM (
    SELECT DISTINCT s.task_id FROM seats s ${index}
    WHERE s.project_id = @projectId AND ${seat}
      AND NOT EXISTS (SELECT 1 FROM seats mine WHERE mine.task_id = s.task_id AND mine.annotator_id = @userId
        AND (mine.state = 'done' OR mine.lease_expires_at > @now))
      AND NOT EXISTS (SELECT 1 FROM skips WHERE skips.task_id = s.task_id AND skips.annotator_id = @userId)
    LIMIT ${MAX_COUNTED_OPEN})`;

// a task waits once, however many of its seats are free; two index ranges, each left as soon as enough is found
const countOpen = (db: Db) =>
  db.$client.prepare(
    `SELECT min(count(*), ${MAX_COUNTED_OPEN}) AS n FROM (
       ${waiting("s.state = 'open'")} UNION ${waiting("s.state = 'leased' AND s.lease_expires_at <= @now", 'INDEXED BY seats_leases')})`,
  );

/** How far a person is in a project. Reads only. */
export function readProgress(
  ctx: Pick<Ctx, 'db' | 'now'>,
  scope: { projectId: string; userId: string },
): Progress {
  const open = prepared(ctx.db, countOpen).get({ ...scope, now: ctx.now() }) as { n: number };
  return { mine: countOf(ctx.db, scope.projectId, `person:${scope.userId}`), openForMe: open.n };
}

// each finds one row or walks the live leases of the project, never its tasks
const hasSeats = (db: Db) => db.$client.prepare('SELECT 1 FROM seats WHERE project_id = @projectId LIMIT 1');
const isHeldByOthers = (db: Db) =>
  db.$client.prepare(
    `SELECT 1 FROM seats s INDEXED BY seats_leases
     WHERE s.project_id = @projectId AND s.state = 'leased' AND s.lease_expires_at > @now AND s.annotator_id <> @userId
       AND NOT EXISTS (SELECT 1 FROM seats mine WHERE mine.task_id = s.task_id AND mine.annotator_id = @userId)
       AND NOT EXISTS (SELECT 1 FROM skips WHERE skips.task_id = s.task_id AND skips.annotator_id = @userId)
     LIMIT 1`,
  );

/** Why a person who found no seat found none. Reads only. */
export function whyNothingOpen(
  ctx: Pick<Ctx, 'db' | 'now'>,
  scope: { projectId: string; userId: string },
): NothingOpen {
  if (prepared(ctx.db, hasSeats).get({ projectId: scope.projectId }) === undefined) return 'no-tasks';
  const held = prepared(ctx.db, isHeldByOthers).get({ ...scope, now: ctx.now() });
  return held === undefined ? 'all-judged' : 'held';
}
