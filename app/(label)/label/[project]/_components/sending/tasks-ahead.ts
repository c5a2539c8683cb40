import { MAX_LIVE_LEASES } from '@/server/tasks/schemas.ts';

const MOST_AHEAD = MAX_LIVE_LEASES - 1;
/** Of the tasks that are open, the part that one page may hold ahead: the last ones are not to be hoarded. */
const SHARE_AHEAD = 0.25;

/** How many tasks to hold ahead of the one on the screen while so many are open (and not held by this page). */
export function tasksAhead(numOpen: number): number {
  return Math.max(1, Math.min(MOST_AHEAD, Math.floor(numOpen * SHARE_AHEAD)));
}
