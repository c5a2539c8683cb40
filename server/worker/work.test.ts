import { asc, eq } from 'drizzle-orm';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobs } from '../../db/schema/jobs.ts';
import { runEvents, runs } from '../../db/schema/runs.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { startRun } from '../runs/start.ts';
import * as train from './handlers/train.ts';
import type { JobContext } from './job-context.ts';
import { jobHandlers } from './job-handlers.ts';
import { work } from './work.ts';

let world: TrainingWorld;
let snapshotId: string;
beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(8);
  snapshotId = await world.snapshot();
}, 120_000);
afterAll(() => world.close());

/** Works on a new run whose training breaks off as `handle` does, until that stops the worker. */
async function breakOff(name: string, handle: (context: JobContext, stop: AbortController) => void) {
  const run = startRun({
    ctx: world.ctx,
    input: {
      ...{ projectId: world.projectId, recipe: 'reward', name, config: {} },
      ...{ modelCheckpointId: world.model.id, rewardCheckpointId: null, snapshotId },
    },
  });
  const stop = new AbortController();
  await work({
    db: world.db,
    dataFolder: world.dataFolder,
    backend: 'simd',
    handlers: {
      ...jobHandlers,
      train: async () => ({
        ...train,
        handle: async (context) => {
          world.db.update(runs).set({ status: 'running', step: 7 }).where(eq(runs.id, run.id)).run();
          handle(context, stop);
        },
      }),
    },
    signal: stop.signal,
    owner: 'test',
    log: pino({ level: 'silent' }),
    pollMs: 5,
  });
  const after = world.db.select().from(runs).where(eq(runs.id, run.id)).get();
  const job = world.db.select().from(jobs).where(eq(jobs.runId, run.id)).get();
  const events = world.db
    .select({ type: runEvents.type, payload: runEvents.payload })
    .from(runEvents)
    .where(eq(runEvents.runId, run.id))
    .orderBy(asc(runEvents.id))
    .all();
  world.db.update(jobs).set({ status: 'cancelled' }).where(eq(jobs.runId, run.id)).run();
  return { run: after, job, events };
}

describe('a run whose training process dies', () => {
  it('while the worker is being stopped waits again, and the attempt does not count', async () => {
    const { run, job, events } = await breakOff('stopped', (_, stop) => {
      stop.abort();
      throw new Error('The training process was ended by SIGKILL before its work was done.');
    });
    expect(run).toMatchObject({ status: 'queued', step: 7, error: null });
    expect(job).toMatchObject({ status: 'queued', attempts: 0, leaseOwner: null });
    expect(events.at(-1)).toEqual({ type: 'waiting-again', payload: { step: 7, error: null } });
  });

  it('waits again while attempts are left, and its events say why; then it has failed', async () => {
    const error = 'The training process ended with code 1 before its work was done.';
    const { run, job, events } = await breakOff('died', (context, stop) => {
      // once the lane has recorded the failure
      if (context.job.attempts === context.job.maxAttempts) setImmediate(() => stop.abort());
      throw new Error(error);
    });
    const waits = events.filter(({ type }) => type === 'waiting-again');
    expect(waits).toHaveLength((job?.maxAttempts as number) - 1);
    for (const { payload } of waits) expect(payload).toEqual({ step: 7, error });
    expect(waits.length).toBeGreaterThan(0);
    expect(run).toMatchObject({ status: 'failed', error });
    expect(job).toMatchObject({ status: 'failed', error });
  });
});
