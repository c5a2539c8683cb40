/** A run that reads its data with the frozen reference before its first step: stopped there by the real worker, nothing is half kept. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import pino from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runs } from '../../db/schema/runs.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { registerBundled } from '../models/register-bundled.ts';
import { cancelRun } from '../runs/cancel.ts';
import type { Run } from '../runs/internal.ts';
import { pauseRun } from '../runs/pause.ts';
import { phaseOf } from '../runs/progress.ts';
import { resumeRun } from '../runs/resume.ts';
import { startRun } from '../runs/start.ts';
import { jobHandlers } from './job-handlers.ts';
import { work } from './work.ts';

let world: TrainingWorld;
const cache = mkdtempSync(path.join(tmpdir(), 'reference-pass-'));

beforeAll(async () => {
  // the run's process takes it from here
  vi.stubEnv('PLUMBLINE_CACHE', cache);
  world = await createTrainingWorld();
  // long answers: some seconds of reading for the bundled model on any machine
  world.judge(300, ' Many people ask about this every day.'.repeat(10));
}, 120_000);
afterAll(() => {
  vi.unstubAllEnvs();
  world.close();
  rmSync(cache, { recursive: true, force: true });
});

const read = (id: string) => world.db.select().from(runs).where(eq(runs.id, id)).get() as Run;
const kept = () => {
  const folder = path.join(cache, 'reference');
  return existsSync(folder) ? readdirSync(folder) : [];
};

async function workUntil(condition: () => boolean, what: string): Promise<void> {
  const stop = new AbortController();
  const working = work({
    db: world.db,
    dataFolder: world.dataFolder,
    backend: 'simd',
    handlers: jobHandlers,
    signal: stop.signal,
    owner: 'test',
    log: pino({ level: 'silent' }),
    pollMs: 10,
  });
  const deadline = Date.now() + 150_000;
  try {
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`waited 150 s for ${what}`);
      await sleep(5);
    }
  } finally {
    stop.abort();
    await working;
  }
}

it('cancelled and paused there, ends without a step and keeps nothing; gone on with, reads from the start and trains', async () => {
  const start = async (name: string) =>
    startRun({
      ctx: world.ctx,
      input: {
        projectId: world.projectId,
        recipe: 'dpo',
        name,
        config: { batchSize: 4, maxLength: 160, epochs: 0.02 },
        modelCheckpointId: registerBundled({ ctx: world.ctx, input: { projectId: world.projectId } }).id,
        rewardCheckpointId: null,
        snapshotId: await world.snapshot(),
      },
    });
  const stops = { cancelled: cancelRun, paused: pauseRun };
  for (const [status, stopRun] of Object.entries(stops)) {
    const run = await start(status);
    let wasReading = false;
    await workUntil(() => {
      const now = read(run.id);
      if (!wasReading && phaseOf(world.db, now) !== null) {
        wasReading = true;
        stopRun({ ctx: world.ctx, input: { runId: run.id } });
      }
      return ['succeeded', 'failed', status].includes(now.status);
    }, `the run to be ${status}`);
    expect(wasReading).toBe(true);
    expect(read(run.id)).toMatchObject({ status, step: 0, error: null });
    expect(kept()).toEqual([]);
    if (status === 'cancelled') continue;
    resumeRun({ ctx: world.ctx, input: { runId: run.id } });
    await workUntil(() => ['succeeded', 'failed'].includes(read(run.id).status), 'the run to end');
    const ended = read(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', error: null });
    expect(ended.step).toBeGreaterThan(0);
    expect(kept()).toHaveLength(1);
  }
}, 400_000);
