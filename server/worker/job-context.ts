import type { Ctx } from '../context.ts';
import type { JobKind } from '../jobs/definitions.ts';
import type { Job, Lease, StopRequest } from '../jobs/queue.ts';

/** Why a job should stop: somebody cancelled or paused it, the worker is being stopped, or the lease went to another worker. */
export type StopReason = StopRequest | 'shutdown' | 'lost';

/** What a handler gets. It ends its job itself, in the transaction of its last change. */
export type JobContext = {
  ctx: Ctx;
  job: Job;
  lease: Lease;
  /** the backend asked for in the environment, null = the best there is */
  backend: string | null;
  /** null while the job may go on */
  stopReason: () => StopReason | null;
  /** aborted when the lease is lost: drop everything, write nothing */
  lost: AbortSignal;
};

export type JobHandler = {
  handle: (context: JobContext) => Promise<void>;
  /** called inside the transaction that failed the job for good */
  failed?: (context: { ctx: Ctx; job: Job; error: string }) => void;
  /**
   * called inside the transaction that put the job back into the queue because its work broke off: with the error when it will be
   * tried again, null when the worker is being stopped
   */
  requeued?: (context: { ctx: Ctx; job: Job; error: string | null }) => void;
};

export type JobHandlers = Record<JobKind, () => Promise<JobHandler>>;
