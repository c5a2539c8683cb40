import { cancelLeasedJob, finishJob, releaseJob } from '../../jobs/queue.ts';
import { endRegistration, OPEN_STATUSES, type Registration, tellPhase } from '../../models/registration.ts';
import type { JobContext } from '../job-context.ts';

const LOOK_MS = 250;

/**
 * Does a registration's work until it is done or should stop, and ends the job as its reason for stopping asks: cancelled for
 * good, or given back unharmed when the worker leaves. One whose registration has ended meanwhile is done.
 */
export async function untilStopped(
  { ctx, lease, stopReason, lost }: JobContext,
  row: Registration,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (!(OPEN_STATUSES as readonly string[]).includes(row.status)) {
    finishJob(ctx.db, lease, ctx.now());
    return;
  }
  const stop = new AbortController();
  const timer = setInterval(() => {
    if (stopReason() !== null) stop.abort();
  }, LOOK_MS);
  try {
    if (stopReason() !== null) stop.abort();
    stop.signal.throwIfAborted();
    await work(AbortSignal.any([stop.signal, lost]));
  } catch (error) {
    const reason = stopReason();
    if (reason === null || reason === 'lost') throw error;
    ctx.db.transaction(
      () => {
        if (reason === 'cancel') {
          if (cancelLeasedJob(ctx.db, lease, ctx.now()))
            endRegistration(ctx, row, { status: 'cancelled', error: null });
        } else if (releaseJob(ctx.db, lease)) tellPhase(ctx, row.id, { phase: 'waiting' });
      },
      { behavior: 'immediate' },
    );
  } finally {
    clearInterval(timer);
  }
}
