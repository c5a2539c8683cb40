import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, desc, eq, sql } from 'drizzle-orm';
import { type ErasureResult, erasures } from '../../db/schema/erasures.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { claimJob, failJob, finishJob, heartbeatJob, type Lease } from '../jobs/queue.ts';
import { lastHeartbeat } from '../worker/heartbeat.ts';
import { carryOutErasure } from './carry-out.ts';

/** the worker beats every two seconds; one that begins to stop still ends the job that it has */
const SILENT_MS = 30_000;
const LEASE_MS = 30_000;
const BEAT_MS = 5000;
const POLL_MS = 300;

/**
 * Waits until an erasure is done: by the worker where one is at work, else here, under the same lease, so that a worker that starts meanwhile
 * leaves it alone and one that starts after a kill goes on with it. Erasures that were asked for before come first. Throws the error of one
 * that failed; it stays asked for where another attempt is left.
 */
export async function carryOutHere(
  ctx: Ctx,
  { erasureId, onWait = () => {} }: { erasureId: string; onWait?: (who: 'worker' | 'here') => void },
): Promise<ErasureResult> {
  let told: 'worker' | 'here' | null = null;
  for (;;) {
    const erasure = ctx.db.select().from(erasures).where(eq(erasures.id, erasureId)).get();
    if (erasure?.doneAt != null && erasure.result) return erasure.result;
    const beat = lastHeartbeat(ctx.dataFolder);
    const who = beat !== null && ctx.now() - beat < SILENT_MS ? 'worker' : 'here';
    if (who !== told) onWait(who);
    told = who;
    requireHope(ctx, erasureId);
    if (who === 'here' && (await doOldest(ctx))) continue;
    await sleep(POLL_MS);
  }
}

/** Nobody tries any more what has failed for good. */
function requireHope({ db }: Ctx, erasureId: string): void {
  const isOurs = and(
    eq(jobs.kind, 'erase'),
    eq(sql`json_extract(${jobs.payload}, '$.erasureId')`, erasureId),
  );
  const job = db.select().from(jobs).where(isOurs).orderBy(desc(jobs.id)).limit(1).get();
  if (job?.status === 'failed' || job?.status === 'cancelled')
    throw new DomainError(
      'conflict',
      `The erasure ${erasureId} has ${job.status}: ${job.error ?? 'no reason given'}`,
    );
}

/** False when there was nothing to claim: somebody else holds it. */
async function doOldest(ctx: Ctx): Promise<boolean> {
  const owner = `${hostname()}:${process.pid}:${newId('cli')}`;
  const now = () => ctx.now();
  const claimed = claimJob(ctx.db, { owner, kinds: ['erase'], leaseMs: LEASE_MS, now: now() });
  if (!claimed) return false;
  const { job, lease } = claimed;
  const beating = keepLease(ctx, lease);
  try {
    const { erasureId } = job.payload as { erasureId: string };
    await carryOutErasure({ ctx: { ...ctx, actor: { type: 'job', jobId: job.id } }, input: { erasureId } });
    finishJob(ctx.db, lease, now());
    return true;
  } catch (error) {
    failJob(ctx.db, lease, { error: (error as Error).message, retry: true, now: now() });
    throw error;
  } finally {
    clearInterval(beating);
  }
}

function keepLease(ctx: Ctx, lease: Lease): NodeJS.Timeout {
  return setInterval(() => {
    try {
      heartbeatJob(ctx.db, lease, { leaseMs: LEASE_MS, now: ctx.now() });
    } catch {
      // a busy database: the lease outlives several heartbeats
    }
  }, BEAT_MS);
}
