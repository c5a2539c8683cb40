import { cancelLeasedJob, tellProgress } from '../../jobs/queue.ts';
import { isLocked } from '../../storage/write-lock.ts';
import type { JobContext } from '../job-context.ts';

const TELL_MS = 1000;

/** Somebody cancelled the job: nothing of it stays. */
class Cancelled extends Error {}

/**
 * For work that goes over many rows: tells the job how far it is, once a second, and breaks off when the worker must stop. It is not
 * paused on the way: what is under way ends, and what comes behind it waits.
 */
export function watchLargeWork({ ctx, lease, stopReason }: JobContext): {
  tell: (done: number, total: number) => void;
  check: () => void;
} {
  let toldAt = 0;
  return {
    tell(done, total) {
      const now = performance.now();
      if (now - toldAt < TELL_MS) return;
      toldAt = now;
      try {
        tellProgress(ctx.db, lease, { done, total });
      } catch (error) {
        // the next one will be told
        if (!isLocked(error)) throw error;
      }
    },
    check() {
      const reason = stopReason();
      if (reason === 'cancel') throw new Cancelled('Somebody cancelled it.');
      if (reason === 'shutdown' || reason === 'lost')
        throw new Error(`The worker stopped (${reason}); it is begun anew.`);
    },
  };
}

/** Does such work, and ends the job as cancelled when that is what broke it off; `settle` is called in that transaction. */
export async function untilCancelled(
  { ctx, lease }: JobContext,
  work: () => Promise<unknown>,
  settle?: () => void,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    ctx.db.transaction(
      () => {
        if (cancelLeasedJob(ctx.db, lease, ctx.now())) settle?.();
      },
      { behavior: 'immediate' },
    );
  }
}
