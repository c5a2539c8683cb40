import { inArray } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import type { Ctx } from '../context.ts';

export type SeatCounts = { open: number; held: number; judged: number };

/** How the seats of some tasks stand, by task id. A lease that ran out is an open seat. */
export function seatCounts(
  ctx: Pick<Ctx, 'db' | 'now'>,
  taskIds: readonly string[],
): Map<string, SeatCounts> {
  const counts = new Map(taskIds.map((id) => [id, { open: 0, held: 0, judged: 0 }]));
  const now = ctx.now();
  const rows = ctx.db
    .select({ taskId: seats.taskId, state: seats.state, leaseExpiresAt: seats.leaseExpiresAt })
    .from(seats)
    .where(inArray(seats.taskId, [...taskIds]))
    .all();
  for (const { taskId, state, leaseExpiresAt } of rows) {
    const count = counts.get(taskId) as SeatCounts;
    if (state === 'done') count.judged += 1;
    else if (state === 'leased' && (leaseExpiresAt ?? 0) > now) count.held += 1;
    else count.open += 1;
  }
  return counts;
}
