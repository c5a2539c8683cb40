import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Db, openDatabase } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import {
  abandonedJobs,
  claimJob,
  enqueueJob,
  failAbandonedJob,
  failJob,
  finishJob,
  heartbeatJob,
  noteProgress,
  pauseLeasedJob,
  readLease,
  releaseJob,
  requestCancel,
  requestPause,
  resumeJob,
  stopRequestOf,
} from './queue.ts';

let folder: string;
let db: Db;
let clock: number;
const ctx = () => ({ db, now: () => clock });
const claim = (owner: string, from = db) =>
  claimJob(from, { owner, kinds: ['train'], leaseMs: 1000, now: clock });
const add = (runId: string) => enqueueJob(ctx(), { kind: 'train', payload: { runId }, runId });
const read = (id: string) => db.select().from(jobs).where(eq(jobs.id, id)).get();

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'queue-'));
  db = openDatabase(path.join(folder, 'test.db'));
  clock = 1_000_000;
});
afterEach(() => {
  db.$client.close();
  rmSync(folder, { recursive: true });
});

describe('job queue', () => {
  it('gives each job to one of two connections only, oldest first', () => {
    const other = openDatabase(path.join(folder, 'test.db'));
    for (let i = 0; i < 20; i++) {
      clock += 1;
      add(`run_${i}`);
    }
    const seen: string[] = [];
    for (let i = 0; i < 21; i++) {
      const claimed = i % 2 ? claim('a') : claim('b', other);
      if (claimed) seen.push(claimed.job.runId as string);
    }
    other.$client.close();
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => `run_${i}`));
  });

  it('refuses a payload that does not fit and kinds that were not asked for', () => {
    expect(() => enqueueJob(ctx(), { kind: 'train', payload: {} as { runId: string } })).toThrow(/runId/);
    enqueueJob(ctx(), { kind: 'import', payload: { importId: 'imp_1' } });
    expect(claim('a')).toBeNull();
  });

  it('lets an expired lease be claimed again, and the first worker can then change nothing', () => {
    const job = add('run_1');
    const first = claim('a');
    expect(claim('b')).toBeNull();
    clock += 999;
    expect(claim('b')).toBeNull();
    clock += 1;
    const second = claim('b');
    expect(second?.job.id).toBe(job.id);
    expect(second?.job.attempts).toBe(2);
    if (!first || !second) throw new Error('both claims should have worked');
    expect(heartbeatJob(db, first.lease, { leaseMs: 1000, now: clock })).toBeNull();
    expect(finishJob(db, first.lease, clock)).toBe(false);
    expect(failJob(db, first.lease, { error: 'x', retry: true, now: clock })).toBeNull();
    expect(releaseJob(db, first.lease)).toBe(false);
    expect(finishJob(db, second.lease, clock)).toBe(true);
    expect(read(job.id)?.status).toBe('done');
  });

  it('tells attempts of one owner apart', () => {
    add('run_1');
    const first = claim('a');
    clock += 5000;
    const second = claim('a');
    if (!first || !second) throw new Error('both claims should have worked');
    expect(finishJob(db, first.lease, clock)).toBe(false);
    expect(finishJob(db, second.lease, clock)).toBe(true);
  });

  it('keeps a lease alive by heartbeat', () => {
    add('run_1');
    const claimed = claim('a');
    if (!claimed) throw new Error('no claim');
    for (let i = 0; i < 5; i++) {
      clock += 900;
      expect(heartbeatJob(db, claimed.lease, { leaseMs: 1000, now: clock })).toEqual({ stopRequested: null });
      expect(claim('b')).toBeNull();
    }
  });

  it('retries until the attempts are used up, then fails with the last error', () => {
    const job = add('run_1');
    for (let attempt = 1; attempt <= 5; attempt++) {
      const claimed = claim('a');
      if (!claimed) throw new Error(`attempt ${attempt} was not claimable`);
      const became = failJob(db, claimed.lease, { error: `boom ${attempt}`, retry: true, now: clock });
      expect(became).toBe(attempt < 5 ? 'queued' : 'failed');
    }
    expect(claim('a')).toBeNull();
    expect(read(job.id)).toMatchObject({ status: 'failed', error: 'boom 5', finishedAt: clock });
  });

  it('fails at once when a retry makes no sense', () => {
    add('run_1');
    const claimed = claim('a');
    if (!claimed) throw new Error('no claim');
    expect(failJob(db, claimed.lease, { error: 'NaN', retry: false, now: clock })).toBe('failed');
  });

  it('does not count an attempt that was given back', () => {
    const job = add('run_1');
    for (let i = 0; i < 10; i++) {
      const claimed = claim('a');
      if (!claimed) throw new Error('not claimable');
      expect(releaseJob(db, claimed.lease)).toBe(true);
    }
    expect(read(job.id)).toMatchObject({ status: 'queued', attempts: 0, leaseOwner: null });
  });

  it('fails a job whose last attempt died, and says so', () => {
    const job = add('run_1');
    for (let i = 0; i < 5; i++) {
      expect(claim('a')).not.toBeNull();
      clock += 1001;
    }
    expect(claim('b')).toBeNull();
    expect(abandonedJobs(db, clock).map((j) => j.id)).toEqual([job.id]);
    expect(failAbandonedJob(db, job.id, clock)?.id).toBe(job.id);
    expect(read(job.id)?.error).toBe(
      'The worker died while doing this, 5 times in all, the last of them without coming any further.',
    );
    expect(abandonedJobs(db, clock)).toEqual([]);
    expect(failAbandonedJob(db, job.id, clock)).toBeNull();
  });

  it('counts attempts from the last progress on: killed again and again, a job that comes further has not failed', () => {
    const job = add('run_1');
    for (let i = 0; i < 12; i++) {
      const claimed = claim('a');
      if (!claimed) throw new Error(`no claim after ${i} attempts`);
      if (i < 7) noteProgress(db, claimed.lease, 'train');
      clock += 1001;
    }
    // the seventh was the last that came further: five more were allowed
    expect(claim('b')).toBeNull();
    expect(abandonedJobs(db, clock).map((j) => j.id)).toEqual([job.id]);
  });

  it('takes no progress of a worker that has lost its lease', () => {
    const job = add('run_1');
    const first = claim('a');
    clock += 1001;
    claim('b');
    if (first) noteProgress(db, first.lease, 'train');
    expect(read(job.id)?.maxAttempts).toBe(5);
  });

  it('cancels a waiting job at once and tells the worker of a running one', () => {
    const waiting = add('run_1');
    expect(requestCancel(ctx(), waiting.id)).toBe('cancelled');
    expect(claim('a')).toBeNull();
    add('run_2');
    const claimed = claim('a');
    if (!claimed) throw new Error('no claim');
    expect(requestCancel(ctx(), claimed.job.id)).toBe('leased');
    expect(heartbeatJob(db, claimed.lease, { leaseMs: 1000, now: clock })).toEqual({
      stopRequested: 'cancel',
    });
    expect(requestCancel(ctx(), 'job_none')).toBeNull();
  });

  it('pauses a waiting job at once and tells the worker of a running one; nobody claims it until it is resumed', () => {
    const waiting = add('run_1');
    expect(requestPause(ctx(), waiting.id)).toBe('paused');
    expect(claim('a')).toBeNull();
    expect(resumeJob(db, waiting.id)).toBe('queued');
    const first = claim('a');
    if (!first) throw new Error('no claim');
    expect(requestPause(ctx(), waiting.id)).toBe('leased');
    expect(readLease(db, first.lease)).toEqual({ stopRequested: 'pause' });
    expect(pauseLeasedJob(db, first.lease)).toBe(true);
    expect(read(waiting.id)).toMatchObject({ status: 'paused', attempts: 0, pauseRequestedAt: null });
    clock += 100_000;
    expect(claim('b')).toBeNull();
    expect(pauseLeasedJob(db, first.lease)).toBe(false);
    expect(requestCancel(ctx(), waiting.id)).toBe('cancelled');
    expect(resumeJob(db, waiting.id)).toBe('cancelled');
    expect(requestPause(ctx(), waiting.id)).toBe('cancelled');
    expect(requestPause(ctx(), 'job_none')).toBeNull();
  });

  it('takes a pause back that has not come yet, and lets cancelling overrule it', () => {
    const job = add('run_1');
    const claimed = claim('a');
    if (!claimed) throw new Error('no claim');
    requestPause(ctx(), job.id);
    expect(resumeJob(db, job.id)).toBe('leased');
    expect(readLease(db, claimed.lease)).toEqual({ stopRequested: null });
    requestPause(ctx(), job.id);
    requestCancel(ctx(), job.id);
    expect(readLease(db, claimed.lease)).toEqual({ stopRequested: 'cancel' });
  });

  it('is still asked to pause by the worker that takes the job over', () => {
    const job = add('run_1');
    claim('a');
    requestPause(ctx(), job.id);
    clock += 1001;
    const second = claim('b');
    expect(second && stopRequestOf(second.job)).toBe('pause');
  });
});
