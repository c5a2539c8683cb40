/**
 * The job queue: rows of `jobs`, claimed with a lease in one UPDATE ... RETURNING. Whoever holds a lease renews it by
 * heartbeat; a lease that ran out (worker killed) can be claimed again, up to maxAttempts, which moves on with progress. Every write by a worker names
 * its lease (job, owner, attempt), so that a worker that was given up for dead cannot finish what another now does.
 */
import { and, asc, eq, inArray, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { newId } from '../../lib/new-id.ts';
import { type JobKind, type JobPayload, jobDefinitions } from './definitions.ts';

export type Job = typeof jobs.$inferSelect;
/** What somebody asked of a job that is being worked on. Cancelling overrules pausing. */
export type StopRequest = 'cancel' | 'pause';
export type Lease = { jobId: string; owner: string; attempt: number };

/** Adds a job; call inside the transaction of the change that asks for it. Throws when the payload does not fit its kind. */
export function enqueueJob<K extends JobKind>(
  ctx: { db: Db; now: () => number },
  { kind, payload, runId = null }: { kind: K; payload: JobPayload<K>; runId?: string | null },
): Job {
  const definition = jobDefinitions[kind];
  const now = ctx.now();
  return ctx.db
    .insert(jobs)
    .values({
      id: newId('job', now),
      kind,
      payload: definition.payload.parse(payload),
      status: 'queued',
      runId,
      maxAttempts: definition.maxAttempts,
      createdAt: now,
    })
    .returning()
    .get();
}

/** Takes the oldest claimable job of the given kinds, or null. One statement: two workers never get the same job. */
export function claimJob(
  db: Db,
  { owner, kinds, leaseMs, now }: { owner: string; kinds: JobKind[]; leaseMs: number; now: number },
): { job: Job; lease: Lease } | null {
  const oldest = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(
        inArray(jobs.kind, kinds),
        lt(jobs.attempts, jobs.maxAttempts),
        or(eq(jobs.status, 'queued'), and(eq(jobs.status, 'leased'), lte(jobs.leaseExpiresAt, now))),
      ),
    )
    .orderBy(asc(jobs.id))
    .limit(1);
  const job = db
    .update(jobs)
    .set({
      status: 'leased',
      leaseOwner: owner,
      leaseExpiresAt: now + leaseMs,
      heartbeatAt: now,
      attempts: sql`${jobs.attempts} + 1`,
    })
    .where(inArray(jobs.id, oldest))
    .returning()
    .get();
  return job ? { job, lease: { jobId: job.id, owner, attempt: job.attempts } } : null;
}

/** Renews a lease. Null when it is no longer ours: stop at once and write nothing more. */
export function heartbeatJob(
  db: Db,
  lease: Lease,
  { leaseMs, now }: { leaseMs: number; now: number },
): { stopRequested: StopRequest | null } | null {
  const row = db
    .update(jobs)
    .set({ heartbeatAt: now, leaseExpiresAt: now + leaseMs })
    .where(heldBy(lease))
    .returning(REQUESTS)
    .get();
  return row ? { stopRequested: stopRequestOf(row) } : null;
}

/** Whether the lease is still ours and whether somebody asked to cancel or pause; read-only, cheap enough for every step. */
export function readLease(db: Db, lease: Lease): { stopRequested: StopRequest | null } | null {
  const row = db.select(REQUESTS).from(jobs).where(heldBy(lease)).get();
  return row ? { stopRequested: stopRequestOf(row) } : null;
}

const REQUESTS = { cancelRequestedAt: jobs.cancelRequestedAt, pauseRequestedAt: jobs.pauseRequestedAt };

/** What was asked of a job, null when nothing was. */
export function stopRequestOf(job: Pick<Job, keyof typeof REQUESTS>): StopRequest | null {
  if (job.cancelRequestedAt !== null) return 'cancel';
  return job.pauseRequestedAt === null ? null : 'pause';
}

/**
 * Notes that a job came further than ever before, in a way that outlives a kill: attempts count from here on. A run that is killed
 * five times with a checkpoint in between has not failed. Call in the transaction that records the progress.
 */
export function noteProgress(db: Db, lease: Lease, kind: JobKind): void {
  db.update(jobs)
    .set({ maxAttempts: sql`${jobs.attempts} + ${jobDefinitions[kind].maxAttempts}` })
    .where(heldBy(lease))
    .run();
}

/** The same, and keeps how far it is for pages and for whoever goes on with it. False when the lease was lost. */
export function keepProgress(db: Db, lease: Lease, kind: JobKind, progress: unknown): boolean {
  const maxAttempts = sql`${jobs.attempts} + ${jobDefinitions[kind].maxAttempts}`;
  return db.update(jobs).set({ progress, maxAttempts }).where(heldBy(lease)).run().changes === 1;
}

/** How far a job is, for pages that show it, in the form of its kind. Nothing for a lease that was lost. */
export function tellProgress(db: Db, lease: Lease, progress: unknown): void {
  db.update(jobs).set({ progress }).where(heldBy(lease)).run();
}

/** Ends a job well. False when the lease was lost. */
export function finishJob(db: Db, lease: Lease, now: number): boolean {
  return end(db, lease, { status: 'done', error: null, finishedAt: now });
}

/** Ends a job whose cancelling was asked for. False when the lease was lost. */
export function cancelLeasedJob(db: Db, lease: Lease, now: number): boolean {
  return end(db, lease, { status: 'cancelled', finishedAt: now });
}

/** Lets a job rest whose pausing was asked for: the attempt does not count. False when the lease was lost. */
export function pauseLeasedJob(db: Db, lease: Lease): boolean {
  return end(db, lease, { status: 'paused', pauseRequestedAt: null, attempts: sql`${jobs.attempts} - 1` });
}

/** Gives a job back unharmed (the worker is being stopped): the attempt does not count. False when the lease was lost. */
export function releaseJob(db: Db, lease: Lease): boolean {
  return end(db, lease, { status: 'queued', attempts: sql`${jobs.attempts} - 1` });
}

/**
 * Records a failure: back to the queue while attempts are left and `retry` is true, else failed for good.
 * Returns what became of it, or null when the lease was lost.
 */
export function failJob(
  db: Db,
  lease: Lease,
  { error, retry, now }: { error: string; retry: boolean; now: number },
): 'queued' | 'failed' | null {
  const again = retry ? sql`${jobs.attempts} < ${jobs.maxAttempts}` : sql`0`;
  const row = db
    .update(jobs)
    .set({
      status: sql`case when ${again} then 'queued' else 'failed' end`,
      finishedAt: sql`case when ${again} then null else ${now} end`,
      error,
      leaseOwner: null,
      leaseExpiresAt: null,
    })
    .where(heldBy(lease))
    .returning({ status: jobs.status })
    .get();
  return row ? (row.status as 'queued' | 'failed') : null;
}

/** Jobs whose last allowed attempt died with its worker. */
export function abandonedJobs(db: Db, now: number): Job[] {
  return db.select().from(jobs).where(isAbandoned(now)).all();
}

/** Fails such a job for good; null when another worker was faster. Call in the transaction that tells whoever waits for it. */
export function failAbandonedJob(db: Db, jobId: string, now: number): Job | null {
  const failed = db
    .update(jobs)
    .set({
      status: 'failed',
      finishedAt: now,
      leaseOwner: null,
      leaseExpiresAt: null,
      error: sql`'The worker died while doing this, ' || ${jobs.attempts} || ' times in all, the last of them without coming any further.'`,
    })
    .where(and(eq(jobs.id, jobId), isAbandoned(now)))
    .returning()
    .get();
  return failed ?? null;
}

function isAbandoned(now: number): SQL | undefined {
  return and(
    eq(jobs.status, 'leased'),
    lte(jobs.leaseExpiresAt, now),
    sql`${jobs.attempts} >= ${jobs.maxAttempts}`,
  );
}

/**
 * Asks for a job to be paused: a waiting one rests here and now, a running one is told through its next heartbeat. Nobody claims
 * it until resumeJob. Returns the status afterwards, null when there is no such job.
 */
export function requestPause(ctx: { db: Db; now: () => number }, jobId: string): Job['status'] | null {
  ctx.db
    .update(jobs)
    .set({ status: 'paused' })
    .where(and(eq(jobs.id, jobId), eq(jobs.status, 'queued')))
    .run();
  ctx.db
    .update(jobs)
    .set({ pauseRequestedAt: ctx.now() })
    .where(and(eq(jobs.id, jobId), eq(jobs.status, 'leased'), isNull(jobs.pauseRequestedAt)))
    .run();
  return statusOf(ctx.db, jobId);
}

/**
 * Puts a paused job back into the queue, and takes the request back from one that has not come to rest yet. Returns the status
 * afterwards, null when there is no such job.
 */
export function resumeJob(db: Db, jobId: string): Job['status'] | null {
  db.update(jobs)
    .set({
      status: sql`case when ${jobs.status} = 'paused' then 'queued' else ${jobs.status} end`,
      pauseRequestedAt: null,
    })
    .where(eq(jobs.id, jobId))
    .run();
  return statusOf(db, jobId);
}

/**
 * Asks for a job to be cancelled: a waiting or paused one is cancelled here and now, a running one is told through its next heartbeat.
 * Returns the status afterwards, null when there is no such job.
 */
export function requestCancel(ctx: { db: Db; now: () => number }, jobId: string): Job['status'] | null {
  const now = ctx.now();
  ctx.db
    .update(jobs)
    .set({ status: 'cancelled', cancelRequestedAt: now, finishedAt: now })
    .where(and(eq(jobs.id, jobId), inArray(jobs.status, ['queued', 'paused'])))
    .run();
  ctx.db
    .update(jobs)
    .set({ cancelRequestedAt: now })
    .where(and(eq(jobs.id, jobId), eq(jobs.status, 'leased'), isNull(jobs.cancelRequestedAt)))
    .run();
  return statusOf(ctx.db, jobId);
}

function statusOf(db: Db, jobId: string): Job['status'] | null {
  return db.select({ status: jobs.status }).from(jobs).where(eq(jobs.id, jobId)).get()?.status ?? null;
}

function heldBy(lease: Lease): SQL | undefined {
  return and(
    eq(jobs.id, lease.jobId),
    eq(jobs.status, 'leased'),
    eq(jobs.leaseOwner, lease.owner),
    eq(jobs.attempts, lease.attempt),
  );
}

function end(db: Db, lease: Lease, change: Partial<Omit<Job, 'attempts'>> & { attempts?: SQL }): boolean {
  const result = db
    .update(jobs)
    .set({ ...change, leaseOwner: null, leaseExpiresAt: null })
    .where(heldBy(lease))
    .run();
  return result.changes === 1;
}
