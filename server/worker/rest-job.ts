import { settleStep } from '../chains/advance.ts';
import type { Ctx } from '../context.ts';
import {
  cancelLeasedJob,
  type Job,
  type Lease,
  pauseLeasedJob,
  readLease,
  releaseJob,
} from '../jobs/queue.ts';

/**
 * Leaves a job that was stopped half-way: cancelled or paused as was asked (it may have been taken back since the timer saw it), else
 * given back because the worker is being stopped; and tells the step of a chain that it does. Nothing when the lease was lost.
 */
export function restJob(ctx: Ctx, { job, lease }: { job: Job; lease: Lease }): void {
  ctx.db.transaction(
    () => {
      const asked = readLease(ctx.db, lease)?.stopRequested;
      if (asked === 'cancel') {
        if (cancelLeasedJob(ctx.db, lease, ctx.now()))
          settleStep(ctx, { jobId: job.id }, { status: 'cancelled' });
      } else if (asked === 'pause') {
        if (pauseLeasedJob(ctx.db, lease)) settleStep(ctx, { jobId: job.id }, { status: 'paused' });
      } else releaseJob(ctx.db, lease);
    },
    { behavior: 'immediate' },
  );
}
