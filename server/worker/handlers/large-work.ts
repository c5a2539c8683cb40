import { tellProgress } from '../../jobs/queue.ts';
import { isLocked } from '../../storage/write-lock.ts';
import type { JobContext } from '../job-context.ts';
import { restJob } from '../rest-job.ts';

const TELL_MS = 1000;

/** The job should stop: nothing of what is under way stays. */
class Stopped extends Error {}

/**
 * For work that goes over many rows: tells the job how far it is, once a second, and breaks off when somebody cancels it or the worker
 * must stop. It is not paused on the way: what is under way ends, and what comes behind it waits.
 */
export function watchLargeWork({ ctx, lease, stopReason }: JobContext): {
  /** `more` is kept beside the two numbers */
  tell: (done: number, total: number, more?: Record<string, unknown>) => void;
  check: () => void;
} {
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    tell(done, total, more = {}) {
      const now = performance.now();
      if (now - toldAt < TELL_MS) return;
      toldAt = now;
      try {
        tellProgress(ctx.db, lease, { done, total, ...more });
      } catch (error) {
        // the next one will be told
        if (!isLocked(error)) throw error;
      }
    },
    check() {
      const reason = stopReason();
      if (reason !== null && reason !== 'pause') throw new Stopped(`It was stopped (${reason}).`);
    },
  };
}

/** Does such work; when that broke it off, leaves the job as was asked (rest-job.ts). */
export async function untilBrokenOff(
  { ctx, job, lease }: JobContext,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    restJob(ctx, { job, lease });
  }
}
