import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { and, asc, eq, like, not } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { checkpoints, models } from '../../db/schema/models.ts';
import { runEvents, runMetrics, runs } from '../../db/schema/runs.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { until, workFolderUntil } from '../../tests/support/work-until.ts';
import { verifyFolder } from '../models/internal.ts';
import { cancelRun } from '../runs/cancel.ts';
import { getRun } from '../runs/get.ts';
import type { Run } from '../runs/internal.ts';
import { readMetrics } from '../runs/metrics.ts';
import { pauseRun } from '../runs/pause.ts';
import { resumeRun } from '../runs/resume.ts';
import { startRun } from '../runs/start.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';

let world: TrainingWorld;
let snapshotId: string;
const STEPS = 24;

beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(40);
  snapshotId = await world.snapshot();
}, 120_000);
const children: ChildProcess[] = [];
afterAll(() => {
  // a failed test may leave its worker behind
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  world.close();
});

function startReward(name: string, config: Record<string, unknown> = {}): Run {
  return startRun({
    ctx: world.ctx,
    input: {
      projectId: world.projectId,
      recipe: 'reward',
      name,
      config: {
        batchSize: 4,
        maxLength: 64,
        normalizeOn: 8,
        epochs: 4,
        runtime: { checkpointEvery: 5, evalEvery: 6 },
        ...config,
      },
      modelCheckpointId: world.model.id,
      rewardCheckpointId: null,
      snapshotId,
    },
  });
}

const read = (id: string) => world.db.select().from(runs).where(eq(runs.id, id)).get() as Run;
const jobOf = (id: string) => world.db.select().from(jobs).where(eq(jobs.runId, id)).get();
const eventsOf = (id: string) =>
  world.db.select().from(runEvents).where(eq(runEvents.runId, id)).orderBy(asc(runEvents.id)).all();
/** every logged number but the wall-clock, in order */
const metricsOf = (id: string) =>
  world.db
    .select({ step: runMetrics.step, name: runMetrics.name, value: runMetrics.value })
    .from(runMetrics)
    .where(and(eq(runMetrics.runId, id), not(like(runMetrics.name, 'time/%'))))
    .orderBy(asc(runMetrics.id))
    .all();

const workUntil = (condition: () => boolean, what: string) => workFolderUntil(world, condition, { what });

function spawnWorker(): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/worker/worker.ts'], {
    env: { ...process.env, PLUMBLINE_DATA: world.dataFolder, PLUMBLINE_BACKEND: 'simd', LOG_LEVEL: 'error' },
    stdio: 'inherit',
    detached: true,
  });
  children.push(child);
  return child;
}

const hasEnded = (id: string) => ['succeeded', 'failed', 'cancelled'].includes(read(id).status);

describe('a reward run', { timeout: 400_000 }, () => {
  let uninterrupted: Run;

  it('runs to its end, registers its model with lineage, and leaves events and audit records', async () => {
    const run = startReward('uninterrupted');
    await workUntil(() => hasEnded(run.id), 'the run to end');
    uninterrupted = read(run.id);
    expect(uninterrupted).toMatchObject({ status: 'succeeded', error: null, backend: 'simd' });
    expect(uninterrupted.totalSteps).toBeGreaterThanOrEqual(STEPS);
    expect(uninterrupted.step).toBe(uninterrupted.totalSteps);
    expect(uninterrupted.summary).toHaveProperty('heldOutAccuracy');
    const result = world.db
      .select()
      .from(checkpoints)
      .where(eq(checkpoints.id, uninterrupted.resultCheckpointId as string))
      .get();
    expect(result).toMatchObject({ parentId: world.model.id, snapshotId, runId: run.id });
    expect(
      world.db
        .select()
        .from(models)
        .where(eq(models.id, result?.modelId ?? ''))
        .get(),
    ).toMatchObject({
      name: 'tiny-reward',
      kind: 'reward-model',
    });
    await verifyFolder(`${world.dataFolder}/${result?.folder}`, result?.manifestSha256 as string);
    const types = eventsOf(run.id).map((event) => event.type);
    expect(types[0]).toBe('started');
    expect(types).toContain('self-check');
    expect(types.at(-1)).toBe('succeeded');
    const actions = world.db
      .select({ action: auditLog.action })
      .from(auditLog)
      .where(eq(auditLog.subject, run.id))
      .all()
      .map((row) => row.action);
    expect(actions).toEqual(['runs.start', 'runs.finish']);
    expect(jobOf(run.id)).toMatchObject({ status: 'done', attempts: 1 });
  });

  it('killed with -9 and taken up by the next worker, logs the same numbers', async () => {
    const run = startReward('killed');
    const first = spawnWorker();
    await until(() => read(run.id).step >= 11, 'step 11');
    first.kill('SIGKILL');
    await once(first, 'exit');
    const stoppedAt = read(run.id);
    expect(stoppedAt.status).toBe('running');
    expect(stoppedAt.step).toBeLessThan(stoppedAt.totalSteps as number);
    // the lease would end by itself half a minute later
    world.db.update(jobs).set({ leaseExpiresAt: Date.now() }).where(eq(jobs.runId, run.id)).run();
    const second = spawnWorker();
    await until(() => hasEnded(run.id), 'the run to end');
    second.kill('SIGTERM');
    await once(second, 'exit');
    expect(read(run.id)).toMatchObject({ status: 'succeeded', error: null, summary: uninterrupted.summary });
    const resumed = eventsOf(run.id).find((event) => event.type === 'resumed');
    expect(resumed?.payload).toEqual({ fromStep: Math.floor(stoppedAt.step / 5) * 5 });
    expect(metricsOf(run.id)).toEqual(metricsOf(uninterrupted.id));
    expect(jobOf(run.id)).toMatchObject({ status: 'done', attempts: 2 });
  });

  it('stopped by SIGTERM, writes a checkpoint and goes back to the queue without losing an attempt', async () => {
    const run = startReward('stopped');
    const worker = spawnWorker();
    await until(() => read(run.id).step >= 7, 'step 7');
    // to the whole group, as Ctrl-C in a terminal: the training process must leave the decision to the worker
    process.kill(-(worker.pid as number), 'SIGTERM');
    await once(worker, 'exit');
    expect(worker.exitCode).toBe(0);
    const paused = read(run.id);
    expect(paused.status).toBe('queued');
    expect(jobOf(run.id)).toMatchObject({ status: 'queued', attempts: 0, leaseOwner: null });
    const interrupted = eventsOf(run.id).find(
      (event) => (event.payload as { reason?: string }).reason === 'interrupted',
    );
    expect(interrupted?.payload).toMatchObject({ step: paused.step });
    await workUntil(() => hasEnded(run.id), 'the run to end');
    expect(read(run.id).status).toBe('succeeded');
    expect(metricsOf(run.id)).toEqual(metricsOf(uninterrupted.id));
  });

  it('cancelled, writes a checkpoint and can be resumed to the same numbers', async () => {
    const run = startReward('cancelled');
    await workUntil(() => {
      if (read(run.id).step >= 7 && !jobOf(run.id)?.cancelRequestedAt) {
        cancelRun({ ctx: world.ctx, input: { runId: run.id } });
      }
      return hasEnded(run.id);
    }, 'the run to be cancelled');
    const cancelled = read(run.id);
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.step).toBeLessThan(cancelled.totalSteps as number);
    const events = eventsOf(run.id);
    expect(events.map((event) => event.type)).toContain('cancel-requested');
    expect(events.filter((event) => event.type === 'checkpoint').at(-1)?.payload).toMatchObject({
      step: cancelled.step,
      reason: 'interrupted',
    });
    expect(() => cancelRun({ ctx: world.ctx, input: { runId: run.id } })).toThrow(/already ended: cancelled/);
    resumeRun({ ctx: world.ctx, input: { runId: run.id } });
    await workUntil(() => hasEnded(run.id), 'the run to end');
    expect(read(run.id).status).toBe('succeeded');
    expect(metricsOf(run.id)).toEqual(metricsOf(uninterrupted.id));
  });

  it('paused, rests with a checkpoint while the worker works on, and resumed logs the same numbers', async () => {
    const run = startReward('paused');
    await workUntil(() => {
      if (read(run.id).step >= 7 && read(run.id).status === 'running' && !jobOf(run.id)?.pauseRequestedAt) {
        pauseRun({ ctx: world.ctx, input: { runId: run.id } });
      }
      return read(run.id).status === 'paused';
    }, 'the run to be paused');
    const paused = read(run.id);
    expect(paused.finishedAt).toBeNull();
    expect(paused.step).toBeLessThan(paused.totalSteps as number);
    expect(jobOf(run.id)).toMatchObject({ status: 'paused', attempts: 0, leaseOwner: null });
    expect(eventsOf(run.id).slice(-2)).toMatchObject([
      { type: 'checkpoint', payload: { step: paused.step, reason: 'interrupted' } },
      { type: 'paused', payload: { step: paused.step } },
    ]);
    expect(() => pauseRun({ ctx: world.ctx, input: { runId: run.id } })).toThrow(
      /can be paused; .* is paused/,
    );
    // another run goes past it
    const other = startReward('meanwhile', { epochs: 1 });
    await workUntil(() => hasEnded(other.id), 'the other run to end');
    expect(read(run.id).status).toBe('paused');
    resumeRun({ ctx: world.ctx, input: { runId: run.id } });
    await workUntil(() => hasEnded(run.id), 'the run to end');
    expect(read(run.id)).toMatchObject({ status: 'succeeded', summary: uninterrupted.summary });
    expect(metricsOf(run.id)).toEqual(metricsOf(uninterrupted.id));
    const actions = world.db
      .select({ action: auditLog.action })
      .from(auditLog)
      .where(eq(auditLog.subject, run.id))
      .all();
    // what the worker writes in between is recorded too, as rows
    const said = actions.map(({ action }) => action).filter((action) => action !== 'rows.write');
    expect(said).toEqual(['runs.start', 'runs.pause', 'runs.resume', 'runs.finish']);
  });

  it('whose checkpoints were deleted rests and asks; begun anew, it logs the same numbers, and the earlier ones are kept', async () => {
    const { ctx, dataFolder } = world;
    const run = startReward('lost');
    await workUntil(() => {
      if (read(run.id).step >= 7 && read(run.id).status === 'running' && !jobOf(run.id)?.pauseRequestedAt)
        pauseRun({ ctx, input: { runId: run.id } });
      return read(run.id).status === 'paused';
    }, 'the run to be paused');
    const before = { step: read(run.id).step, metrics: metricsOf(run.id) };
    expect(() => resumeRun({ ctx, input: { runId: run.id, anew: true } })).toThrow(
      /has not lost its checkpoints/,
    );
    const folder = path.join(dataFolder, run.folder);
    const checkpointFolders = readdirSync(folder).filter((name) => name.startsWith('checkpoint-'));
    expect(checkpointFolders.length).toBeGreaterThan(0);
    renameSync(folder, `${folder}-away`);
    mkdirSync(folder);

    resumeRun({ ctx, input: { runId: run.id } });
    await workUntil(() => read(run.id).status === 'paused', 'the run to rest');
    expect(eventsOf(run.id).at(-1)).toMatchObject({
      type: 'checkpoints-lost',
      payload: { step: before.step },
    });
    expect(getRun({ ctx, input: { runId: run.id } }).hasLostCheckpoints).toBe(true);
    expect(jobOf(run.id)).toMatchObject({ status: 'paused', attempts: 0 });
    expect(metricsOf(run.id)).toEqual(before.metrics);

    resumeRun({ ctx, input: { runId: run.id, anew: true } });
    await workUntil(() => hasEnded(run.id), 'the run to end');
    expect(read(run.id)).toMatchObject({ status: 'succeeded', summary: uninterrupted.summary });
    const logged = metricsOf(run.id);
    expect(logged.filter(({ step }) => step >= 0)).toEqual(metricsOf(uninterrupted.id));
    const apart = logged.filter(({ step }) => step < 0).map((row) => ({ ...row, step: -1 - row.step }));
    expect(apart).toEqual(before.metrics);
    const series = (isApart: boolean) =>
      readMetrics({ ctx, input: { runId: run.id, maxPoints: 4000, apart: isApart } }).series;
    expect(series(true).loss?.at(-1)?.step).toBe(
      before.metrics.filter(({ name }) => name === 'loss').at(-1)?.step,
    );
    expect(series(false).loss).toEqual(
      readMetrics({ ctx, input: { runId: uninterrupted.id, maxPoints: 4000 } }).series.loss,
    );
    expect(getRun({ ctx, input: { runId: run.id } }).hasLostCheckpoints).toBe(false);
    rmSync(`${folder}-away`, { recursive: true });
    expect((await verifyDataFolder(world.db, dataFolder)).findings).toEqual([]);
  });

  it('paused while it waits, does not start until it is resumed, and can be cancelled where it rests', () => {
    const run = startReward('resting');
    expect(pauseRun({ ctx: world.ctx, input: { runId: run.id } }).status).toBe('paused');
    expect(jobOf(run.id)?.status).toBe('paused');
    expect(resumeRun({ ctx: world.ctx, input: { runId: run.id } }).status).toBe('queued');
    expect(jobOf(run.id)?.status).toBe('queued');
    pauseRun({ ctx: world.ctx, input: { runId: run.id } });
    expect(cancelRun({ ctx: world.ctx, input: { runId: run.id } }).status).toBe('cancelled');
    expect(jobOf(run.id)?.status).toBe('cancelled');
  });

  it('cancelled while it waits, never starts', () => {
    const run = startReward('waiting');
    expect(cancelRun({ ctx: world.ctx, input: { runId: run.id } }).status).toBe('cancelled');
    expect(jobOf(run.id)?.status).toBe('cancelled');
  });

  it('fails at once, with the reason on the run, when its model was changed on disk', async () => {
    const run = startReward('tampered');
    const { appendFileSync, truncateSync, statSync } = await import('node:fs');
    const file = `${world.dataFolder}/models/tiny/config.json`;
    const size = statSync(file).size;
    appendFileSync(file, ' ');
    try {
      await workUntil(() => hasEnded(run.id), 'the run to fail');
    } finally {
      truncateSync(file, size);
    }
    expect(read(run.id).status).toBe('failed');
    expect(read(run.id).error).toMatch(/config\.json has sha256 \w+, the manifest says/);
    expect(jobOf(run.id)).toMatchObject({ status: 'failed', attempts: 1 });
  });
});
