/**
 * The worker's loop: three lanes, each claims, keeps its lease by a timer, and hands the job to its handler. Recipes run in a
 * process of their own (handlers/run-in-process.ts), so this one's timers go on while a training step computes; a lease of
 * 30 s renewed every 5 s is lost only with the worker. kill -9 takes that process along, so no orphan can write into a run's
 * folder while the next worker resumes the run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type JobKind, type JobLane, jobKindsOf } from '../jobs/definitions.ts';
import { PermanentJobError } from '../jobs/permanent-job-error.ts';
import {
  abandonedJobs,
  claimJob,
  failAbandonedJob,
  failJob,
  heartbeatJob,
  type Job,
  type Lease,
  releaseJob,
  stopRequestOf,
} from '../jobs/queue.ts';
import { withLogFields } from '../log.ts';
import { storageProblem } from '../storage/storage-problem.ts';
import type { JobHandlers, StopReason } from './job-context.ts';

export type WorkOptions = {
  db: Db;
  dataFolder: string;
  backend: string | null;
  handlers: JobHandlers;
  /** aborted: running jobs are asked to stop and given back, then work() returns */
  signal: AbortSignal;
  owner: string;
  log: Logger;
  /** called every tickMs beside the lanes: the scheduler */
  onTick?: (ctx: Ctx) => void;
  leaseMs?: number;
  heartbeatMs?: number;
  pollMs?: number;
  tickMs?: number;
};

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Works until `signal` is aborted. Whatever the database or the disk does (locked, full, gone for a while), each lane goes on by
 * itself as soon as it can, and no job pays for it with an attempt.
 */
export async function work(options: WorkOptions): Promise<void> {
  const { tickMs = 2000 } = options;
  await Promise.all([
    runLane(options, 'device'),
    runLane(options, 'light'),
    runLane(options, 'check'),
    runTicks(options, tickMs),
  ]);
}

async function runLane(options: WorkOptions, lane: JobLane): Promise<void> {
  const { db, owner, signal, leaseMs = 30_000, pollMs = 500, log } = options;
  const kinds = jobKindsOf(lane);
  let failures = 0;
  while (!signal.aborted) {
    try {
      const claimed = claimJob(db, { owner, kinds, leaseMs, now: Date.now() });
      if (claimed) await withLogFields({ jobId: claimed.job.id }, () => doJob(options, claimed));
      failures = 0;
      if (!claimed) await pause(pollMs, signal);
    } catch (error) {
      failures += 1;
      const retryInMs = backOff(failures);
      log.error({ err: error, lane, failures, retryInMs }, 'lane held up; it goes on by itself');
      await pause(retryInMs, signal);
    }
  }
}

function backOff(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

async function runTicks(options: WorkOptions, tickMs: number): Promise<void> {
  const { db, dataFolder, signal, log } = options;
  const ctx: Ctx = { db, dataFolder, actor: { type: 'system' }, now: Date.now };
  while (!signal.aborted) {
    try {
      // a lease of one's own that ran out while nothing could be written is not abandoned: its lane still has it in hand
      const abandoned = abandonedJobs(db, Date.now()).filter(
        ({ leaseOwner }) => leaseOwner !== options.owner,
      );
      for (const job of abandoned) await failAbandoned(options, { ctx, job });
      options.onTick?.(ctx);
    } catch (error) {
      log.error({ err: error }, 'scheduler tick failed');
    }
    await pause(tickMs, signal);
  }
}

async function doJob(options: WorkOptions, { job, lease }: { job: Job; lease: Lease }): Promise<void> {
  const { db, dataFolder, handlers, signal, log, backend, leaseMs = 30_000, heartbeatMs = 5000 } = options;
  const ctx: Ctx = { db, dataFolder, actor: { type: 'job', jobId: job.id }, now: Date.now };
  const lost = new AbortController();
  let stopRequested = stopRequestOf(job);
  const timer = setInterval(() => {
    try {
      const state = heartbeatJob(db, lease, { leaseMs, now: Date.now() });
      if (state === null) lost.abort();
      else stopRequested = state.stopRequested;
    } catch (error) {
      // a busy database is no reason to give up: the lease outlives several heartbeats
      log.warn({ err: error, jobId: job.id }, 'heartbeat failed');
    }
  }, heartbeatMs);
  const stopReason = (): StopReason | null =>
    lost.signal.aborted ? 'lost' : (stopRequested ?? (signal.aborted ? 'shutdown' : null));
  log.info({ jobId: job.id, kind: job.kind, attempt: job.attempts }, 'job started');
  try {
    const { handle } = await handlers[job.kind as JobKind]();
    await handle({ ctx, job, lease, backend, stopReason, lost: lost.signal });
    log.info({ jobId: job.id, kind: job.kind }, 'job left');
  } catch (error) {
    if (lost.signal.aborted) return;
    if (signal.aborted && !(error instanceof DomainError)) {
      log.warn({ err: error, jobId: job.id, kind: job.kind }, 'job broke off while the worker stops');
      await giveBack(options, { ctx, job, lease, error: null });
      return;
    }
    if (isStorageToBlame(error)) {
      log.warn(
        { err: error, jobId: job.id, kind: job.kind },
        'job broke off: the disk or the database refused',
      );
      await untilWritten(options, () =>
        giveBack(options, { ctx, job, lease, error: messageOf(options, error) }),
      );
      // the lane waits a while before it tries again
      throw error;
    }
    log.error({ err: error, jobId: job.id, kind: job.kind }, 'job failed');
    await untilWritten(options, () => fail(options, { ctx, job, lease, error }));
  } finally {
    clearInterval(timer);
  }
}

async function fail(
  options: WorkOptions,
  { ctx, job, lease, error }: { ctx: Ctx; job: Job; lease: Lease; error: unknown },
): Promise<void> {
  const message = messageOf(options, error);
  const retry = !(error instanceof DomainError || error instanceof PermanentJobError);
  const { failed, requeued } = await options.handlers[job.kind as JobKind]();
  ctx.db.transaction(
    () => {
      const became = failJob(ctx.db, lease, { error: message, retry, now: Date.now() });
      if (became === 'failed') failed?.({ ctx, job, error: message });
      if (became === 'queued') requeued?.({ ctx, job, error: message });
    },
    { behavior: 'immediate' },
  );
}

/** Not the job's fault, and gone when the disk or the lock is: a damaged file stays damaged. */
function isStorageToBlame(error: unknown): boolean {
  // what waited for the lock for its five seconds (storage/write-lock.ts)
  if (error instanceof DomainError && error.code === 'unavailable') return true;
  const problem = storageProblem(error);
  return problem !== null && problem.kind !== 'damaged';
}

/** Members read this: where the folders of this machine are is none of their business. */
function messageOf(options: WorkOptions, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return [options.dataFolder, process.cwd()].reduce((said, root) => said.replaceAll(`${root}/`, ''), text);
}

/** What became of a job has to be written, however long nothing can be: until then nobody else is given it. */
async function untilWritten({ signal, log }: WorkOptions, write: () => Promise<void>): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await write();
    } catch (error) {
      // a worker that is being stopped leaves it to the lease
      if (!isStorageToBlame(error) || signal.aborted) throw error;
      log.warn({ err: error, retryInMs: backOff(failures) }, 'what became of a job cannot be written yet');
      await pause(backOff(failures), signal);
    }
  }
}

async function giveBack(
  options: WorkOptions,
  { ctx, job, lease, error }: { ctx: Ctx; job: Job; lease: Lease; error: string | null },
): Promise<void> {
  const { requeued } = await options.handlers[job.kind as JobKind]();
  ctx.db.transaction(
    () => {
      if (releaseJob(ctx.db, lease)) requeued?.({ ctx, job, error });
    },
    { behavior: 'immediate' },
  );
}

/** In one transaction: a worker killed here must not leave a run or a chain that waits for a job that has failed. */
async function failAbandoned(options: WorkOptions, { ctx, job }: { ctx: Ctx; job: Job }): Promise<void> {
  const { failed } = await options.handlers[job.kind as JobKind]();
  ctx.db.transaction(
    () => {
      const dead = failAbandonedJob(ctx.db, job.id, Date.now());
      if (dead) failed?.({ ctx, job: dead, error: dead.error ?? 'unknown' });
    },
    { behavior: 'immediate' },
  );
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
