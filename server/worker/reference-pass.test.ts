/** A run that reads its data with the frozen reference before its first step: stopped there by the real worker, nothing is half kept. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runs } from '../../db/schema/runs.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { workFolderUntil } from '../../tests/support/work-until.ts';
import { registerBundled } from '../models/register-bundled.ts';
import { cancelRun } from '../runs/cancel.ts';
import type { Run } from '../runs/internal.ts';
import { pauseRun } from '../runs/pause.ts';
import { phaseOf } from '../runs/progress.ts';
import { resumeRun } from '../runs/resume.ts';
import { startRun } from '../runs/start.ts';

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

const workUntil = (condition: () => boolean, what: string) => workFolderUntil(world, condition, { what });

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
