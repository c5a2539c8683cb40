import { setTimeout as sleep } from 'node:timers/promises';
import { asc, eq } from 'drizzle-orm';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { chainExecutions } from '../../db/schema/chains.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { checkpoints } from '../../db/schema/models.ts';
import { runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { cancelExecution } from '../chains/cancel.ts';
import { executionUnderWay } from '../chains/internal.ts';
import { rewardThenPpo } from '../chains/testing.ts';
import { judgmentLineage } from '../models/lineage.ts';
import { jobHandlers } from '../worker/job-handlers.ts';
import { work } from '../worker/work.ts';
import { createSchedule } from './create.ts';
import { deleteSchedule } from './delete.ts';
import { fireDueSchedules } from './fire-due.ts';
import type { Schedule } from './internal.ts';
import { listSchedules } from './list.ts';
import { runScheduleNow } from './run-now.ts';
import { toggleSchedule } from './toggle.ts';

let world: TrainingWorld;
let schedule: Schedule;

beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(5);
  schedule = createSchedule({
    ctx: world.ctx,
    input: {
      projectId: world.projectId,
      name: 'Every twenty',
      trigger: 'judgments',
      everyJudgments: 20,
      cron: null,
      steps: rewardThenPpo(world.model.modelId),
    },
  });
}, 120_000);
afterAll(() => world.close());

const runsOf = () =>
  world.db.select().from(runs).where(eq(runs.scheduleId, schedule.id)).orderBy(asc(runs.id)).all();
const scheduleInput = () => ({ projectId: world.projectId, scheduleId: schedule.id });
const statuses = () =>
  world.db
    .select()
    .from(chainExecutions)
    .orderBy(asc(chainExecutions.id))
    .all()
    .map(({ status }) => status);
const cancel = () => {
  const { id } = executionUnderWay(world.db, schedule.id) ?? { id: 'none' };
  cancelExecution({ ctx: world.ctx, input: { projectId: world.projectId, executionId: id } });
};
const system = () => ({ ...world.ctx, actor: { type: 'system' as const } });

describe('a schedule of every twenty judgments', { timeout: 180_000 }, () => {
  it('does not fire for judgments from before it, nor for nineteen new ones', () => {
    world.judge(19);
    expect(fireDueSchedules(system())).toEqual([]);
    expect(listSchedules({ ctx: world.ctx, input: { projectId: world.projectId } })[0]?.newJudgments).toBe(
      19,
    );
  });

  it('with the twentieth, a worker makes a snapshot, fits the reward model and runs PPO against it', async () => {
    const stop = new AbortController();
    const working = work({
      db: world.db,
      dataFolder: world.dataFolder,
      backend: 'simd',
      handlers: jobHandlers,
      signal: stop.signal,
      owner: 'test',
      log: pino({ level: 'silent' }),
      onTick: fireDueSchedules,
      pollMs: 20,
      tickMs: 50,
    });
    world.judge(1);
    const deadline = Date.now() + 120_000;
    while (runsOf().filter((run) => run.finishedAt !== null).length < 2) {
      if (Date.now() > deadline) throw new Error(`the chain did not end: ${JSON.stringify(runsOf())}`);
      if (runsOf().some((run) => run.status === 'failed')) break;
      await sleep(20);
    }
    // time for a second firing, if there were one
    await sleep(300);
    stop.abort();
    await working;

    const [reward, ppo, ...more] = runsOf();
    expect(more).toEqual([]);
    expect(reward).toMatchObject({ recipe: 'reward', status: 'succeeded', error: null });
    expect(ppo).toMatchObject({
      recipe: 'ppo',
      status: 'succeeded',
      error: null,
      modelCheckpointId: world.model.id,
      rewardCheckpointId: reward?.resultCheckpointId,
    });
    // every prompt is of the toy world, so the true reward was measured
    expect(ppo?.summary).toHaveProperty('trueRewardAfter');
    const made = world.db.select().from(snapshots).where(eq(snapshots.projectId, world.projectId)).all();
    expect(made).toHaveLength(1);
    expect(made[0]?.counts.kept).toBe(25);
    expect(reward?.snapshotId).toBe(made[0]?.id);
    const firings = world.db.select().from(auditLog).where(eq(auditLog.action, 'schedules.fire')).all();
    expect(firings).toHaveLength(1);
    expect(JSON.parse(firings[0]?.payload ?? '{}')).toMatchObject({ judgmentCount: 25 });
  });

  it('can be traced from one judgment to the policy, and not further than it goes', () => {
    const judgmentId = world.db.$client
      .prepare('select judgment_id from snapshot_judgments limit 1')
      .pluck()
      .get() as string;
    const { snapshots: held, checkpoints: shaped } = judgmentLineage({
      ctx: world.ctx,
      input: { projectId: world.projectId, judgmentId },
    });
    expect(held.map((snapshot) => snapshot.number)).toEqual([1]);
    expect(shaped.map((node) => [node.modelName, node.relation])).toEqual([
      ['tiny-reward', 'trained on it'],
      ['tiny-ppo', 'scored by it'],
    ]);
    expect(shaped[0]?.snapshot?.bySource).toEqual({ simulated: 25 });
    expect(world.db.select().from(checkpoints).all()).toHaveLength(3);
  });

  it('fires once for two workers that look at the same moment, and not while its chain is on its way', () => {
    world.judge(20);
    expect(fireDueSchedules(system())).toEqual([schedule.id]);
    world.judge(20);
    expect(fireDueSchedules(system())).toEqual([]);
    expect(statuses()).toEqual(['done', 'running']);
    cancel();
    // what came meanwhile counts for the next time
    expect(fireDueSchedules(system())).toEqual([schedule.id]);
    expect(() => deleteSchedule({ ctx: world.ctx, input: scheduleInput() })).toThrow(/cancel it first/);
    expect(() => runScheduleNow({ ctx: world.ctx, input: scheduleInput() })).toThrow(/on its way already/);
    cancel();
    expect(statuses()).toEqual(['done', 'cancelled', 'cancelled']);
    expect(world.db.select().from(jobs).where(eq(jobs.status, 'queued')).all()).toEqual([]);
  });

  it('switched off does not fire, and on again counts from there', () => {
    const { projectId } = world;
    toggleSchedule({ ctx: world.ctx, input: { projectId, scheduleId: schedule.id, enabled: false } });
    world.judge(25);
    expect(fireDueSchedules(system())).toEqual([]);
    toggleSchedule({ ctx: world.ctx, input: { projectId, scheduleId: schedule.id, enabled: true } });
    expect(fireDueSchedules(system())).toEqual([]);
    toggleSchedule({ ctx: world.ctx, input: { projectId, scheduleId: schedule.id, enabled: false } });
  });
});

describe('a schedule by cron', () => {
  const input = {
    name: 'Nightly',
    trigger: 'cron' as const,
    everyJudgments: null,
    cron: '30 2 * * *',
  };

  it('fires once when its time has passed, however often is looked', () => {
    let now = Date.UTC(2030, 0, 1, 1, 0);
    const ctx = { ...world.ctx, now: () => now };
    const { projectId } = world;
    const steps = rewardThenPpo(world.model.modelId);
    const nightly = createSchedule({ ctx, input: { ...input, projectId, steps } });
    const look = () => fireDueSchedules({ ...ctx, actor: { type: 'system' } });
    expect(look()).toEqual([]);
    now = Date.UTC(2030, 0, 1, 2, 29);
    expect(look()).toEqual([]);
    // three nights without a worker are made up for by one firing
    now = Date.UTC(2030, 0, 4, 2, 30);
    expect(look()).toEqual([nightly.id]);
    const { id } = executionUnderWay(world.db, nightly.id) ?? { id: 'none' };
    cancelExecution({ ctx, input: { projectId, executionId: id } });
    expect(look()).toEqual([]);
  });

  it('refuses what is no cron expression', () => {
    const { ctx, projectId } = world;
    const whole = { ...input, projectId, steps: rewardThenPpo(world.model.modelId) };
    expect(() => createSchedule({ ctx, input: { ...whole, cron: 'every day' } })).toThrow(
      /cron: "every day"/,
    );
  });
});
