import { tellProgress } from '../../jobs/queue.ts';
import { isLocked } from '../../storage/write-lock.ts';
import type { JobContext } from '../job-context.ts';

const TELL_MS = 1000;

/** For work that goes over many rows: tells the job how far it is, once a second, and breaks off when the worker must stop. */
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
      if (reason === 'shutdown' || reason === 'lost')
        throw new Error(`The worker stopped (${reason}); it is begun anew.`);
    },
  };
}
