/** Whole chains with the real worker: every kind of step, conditions both ways, kills, pauses, failures. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { and, asc, eq, inArray, like, not } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { runMetrics, runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { tasks } from '../../db/schema/tasks.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { until, workFolderUntil } from '../../tests/support/work-until.ts';
import { cancelRun } from '../runs/cancel.ts';
import { resumeRun } from '../runs/resume.ts';
import { createSchedule } from '../schedules/create.ts';
import type { Schedule } from '../schedules/internal.ts';
import { listSchedules } from '../schedules/list.ts';
import { runScheduleNow } from '../schedules/run-now.ts';
import { cancelExecution } from './cancel.ts';
import { getExecutionInProject, stepStatesOf } from './internal.ts';
import { pauseExecution } from './pause.ts';
import { resumeExecution } from './resume.ts';
import type { ChainStepInput } from './schemas.ts';
import { steps, TINY_PPO, TINY_REWARD } from './testing.ts';

let world: TrainingWorld;
const children: ChildProcess[] = [];
beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(60);
}, 120_000);
afterAll(() => {
  // a failed test may leave its worker behind
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  world.close();
});

function schedule(name: string, list: ChainStepInput[]): Schedule {
  return createSchedule({
    ctx: world.ctx,
    input: {
      ...{ projectId: world.projectId, name, trigger: 'judgments', everyJudgments: 1_000_000, cron: null },
      steps: steps(list),
    },
  });
}

const run = ({ id }: Schedule): string =>
  runScheduleNow({ ctx: world.ctx, input: { projectId: world.projectId, scheduleId: id } }).executionId;
const input = (executionId: string) => ({ projectId: world.projectId, executionId });
const execution = (id: string) => getExecutionInProject(world, input(id));
const states = (id: string) => stepStatesOf(world.db, id);
const state = (id: string, key: string) => {
  const found = states(id).find((step) => step.key === key);
  if (!found) throw new Error(`no step ${key}`);
  return found;
};
const hasEnded = (id: string) => ['done', 'failed', 'cancelled'].includes(execution(id).status);

const workUntil = (condition: () => boolean, what: string) =>
  workFolderUntil(world, condition, { what, heartbeatMs: 50 });

const model = () => ({ from: 'model' as const, modelId: world.model.modelId });
const frozen: ChainStepInput = { kind: 'snapshot', key: 'frozen' };
const reward = (config = {}): ChainStepInput => ({
  ...{
    kind: 'train',
    key: 'reward',
    recipe: 'reward',
    config: { ...TINY_REWARD, ...config },
    model: model(),
  },
  snapshot: { from: 'step', step: 'frozen' },
});
const accuracy: ChainStepInput = {
  ...{ kind: 'evaluate', key: 'accuracy' },
  evaluation: {
    measure: 'accuracy',
    rewardModel: { from: 'step', step: 'reward' },
    snapshot: { from: 'step', step: 'frozen' },
  },
};
const ppo = (when: ChainStepInput['when'] = []): ChainStepInput => ({
  ...{ kind: 'train', key: 'ppo', recipe: 'ppo', config: TINY_PPO, model: model(), when },
  rewardModel: { from: 'step', step: 'reward' },
});
const score: ChainStepInput = {
  ...{ kind: 'evaluate', key: 'score' },
  evaluation: {
    ...{
      measure: 'score',
      model: { from: 'step', step: 'ppo' },
      rewardModel: { from: 'step', step: 'reward' },
    },
    ...{ baseline: { from: 'checkpoint', checkpointId: '' }, maxNewTokens: 8 },
  },
};
const everyKind = (): ChainStepInput[] => [
  frozen,
  reward(),
  accuracy,
  ppo([{ step: 'accuracy', figure: 'high', is: 'above', value: 0 }]),
  {
    ...score,
    evaluation: { ...score.evaluation, baseline: { from: 'checkpoint', checkpointId: world.model.id } },
  } as ChainStepInput,
  {
    ...{ kind: 'generate', key: 'answers', models: [model(), { from: 'step', step: 'ppo' }] },
    ...{ numPrompts: 3, responsesPerPrompt: 1, maxNewTokens: 8 },
  },
];

/** Nothing may have been started twice: what there is of each kind since the execution began. */
function madeBy(scheduleId: string, executionId: string) {
  const made = world.db
    .select()
    .from(runs)
    .where(eq(runs.scheduleId, scheduleId))
    .orderBy(asc(runs.id))
    .all();
  const jobIds = states(executionId).flatMap(({ jobId }) => jobId ?? []);
  return {
    runs: made.map(({ recipe, status, error }) => [recipe, status, error]),
    jobs: world.db
      .select()
      .from(jobs)
      .where(inArray(jobs.id, jobIds))
      .orderBy(asc(jobs.id))
      .all()
      .map(({ kind, status, error }) => [kind, status, error]),
  };
}

describe('a chain of every kind of step', { timeout: 400_000 }, () => {
  it('goes through them in order, each with what the ones before left', async () => {
    const whole = schedule('Whole', everyKind());
    const id = run(whole);
    await workUntil(() => hasEnded(id), 'the chain to end');
    expect(execution(id)).toMatchObject({ status: 'done', error: null, judgmentCount: 60 });
    expect(states(id).map(({ key, status, reason }) => [key, status, reason])).toEqual([
      ['frozen', 'done', null],
      ['reward', 'done', null],
      ['accuracy', 'done', null],
      ['ppo', 'done', null],
      ['score', 'done', null],
      ['answers', 'done', null],
    ]);
    expect(state(id, 'frozen').figures).toEqual({ judgments: 60, leftOut: 0 });
    // the evaluation measures what the run measured at its end, on the same held-out judgments, through another door
    const trained = state(id, 'reward').figures ?? {};
    const measured = state(id, 'accuracy').figures ?? {};
    expect(measured.accuracy).toBe(trained.heldOutAccuracy);
    expect([measured.low, measured.high]).toEqual([trained.low, trained.high]);
    const figures = state(id, 'score').figures ?? {};
    expect(figures.low).toBeLessThan(figures.score as number);
    expect(figures.gain).toBeCloseTo((figures.score as number) - (figures.baselineScore as number), 5);
    expect(figures.prompts).toBeGreaterThan(1);
    expect(state(id, 'answers').figures).toMatchObject({ numPrompts: 3 });
    const policy = world.db
      .select()
      .from(runs)
      .where(eq(runs.id, state(id, 'ppo').runId as string))
      .get();
    expect(policy).toMatchObject({
      ...{ scheduleId: whole.id, name: 'Whole: ppo', modelCheckpointId: world.model.id },
      rewardCheckpointId: state(id, 'reward').checkpointId,
    });
    const listed = listSchedules({ ctx: world.ctx, input: { projectId: world.projectId } });
    const shown = listed.find((item) => item.id === whole.id)?.executions[0];
    expect(shown?.steps.map((step) => [step.kind, step.snapshotNumber, step.runStep])).toEqual([
      ['snapshot', 1, null],
      ['train', null, state(id, 'reward').figures && expect.any(Number)],
      ['evaluate', null, null],
      ['train', null, 2],
      ['evaluate', null, null],
      ['generate', null, null],
    ]);
    const said = world.db.select().from(auditLog).where(eq(auditLog.subject, id)).all();
    expect(said.map(({ action }) => action)).toEqual(['chains.finish']);
    expect(world.db.select().from(tasks).all().length).toBeGreaterThanOrEqual(60);
  });

  it('killed at every step, starts each exactly once', async () => {
    const whole = schedule('Killed', everyKind());
    const before = world.db.select().from(snapshots).all().length;
    const id = run(whole);
    for (const key of ['frozen', 'reward', 'accuracy', 'ppo', 'score', 'answers']) {
      const worker = spawn(process.execPath, ['--import', 'tsx', 'server/worker/worker.ts'], {
        env: {
          ...process.env,
          PLUMBLINE_DATA: world.dataFolder,
          PLUMBLINE_BACKEND: 'simd',
          LOG_LEVEL: 'error',
        },
        stdio: 'inherit',
        detached: true,
      });
      children.push(worker);
      await until(() => !['waiting', 'skipped'].includes(state(id, key).status), `step ${key} to be started`);
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      // the lease would end by itself half a minute later
      world.db.update(jobs).set({ leaseExpiresAt: Date.now() }).where(eq(jobs.status, 'leased')).run();
    }
    await workUntil(() => hasEnded(id), 'the chain to end');
    expect(execution(id)).toMatchObject({ status: 'done', error: null });
    expect(states(id).map(({ status }) => status)).toEqual(Array(6).fill('done'));
    expect(madeBy(whole.id, id)).toEqual({
      runs: [
        ['reward', 'succeeded', null],
        ['ppo', 'succeeded', null],
      ],
      jobs: [
        ['snapshot', 'done', null],
        ['evaluate', 'done', null],
        ['evaluate', 'done', null],
        ['generate', 'done', null],
      ],
    });
    expect(world.db.select().from(snapshots).all()).toHaveLength(before + 1);
  });
});

describe('a condition that does not hold', { timeout: 200_000 }, () => {
  it('skips its step, with the numbers, and all that starts from it; the rest goes on', async () => {
    const id = run(
      schedule('Gated', [
        frozen,
        reward(),
        ppo([{ step: 'reward', figure: 'low', is: 'above', value: 0.999 }]),
        { ...score, evaluation: { ...score.evaluation, baseline: null } } as ChainStepInput,
        {
          ...accuracy,
          ...{ key: 'checked', when: [{ step: 'reward', figure: 'low', is: 'below', value: 0.999 }] },
        },
      ]),
    );
    await workUntil(() => hasEnded(id), 'the chain to end');
    const low = state(id, 'reward').figures?.low;
    expect(execution(id).status).toBe('done');
    expect(states(id).map(({ status, reason }) => [status, reason])).toEqual([
      ['done', null],
      ['done', null],
      ['skipped', `low of step "reward" is ${low}, not above 0.999`],
      ['skipped', 'step "ppo" was skipped'],
      ['done', null],
    ]);
    const skips = world.db.select().from(auditLog).where(eq(auditLog.subject, id)).all();
    const said = skips.map(({ action }) => action).filter((action) => action !== 'rows.write');
    expect(said).toEqual(['chains.skip', 'chains.skip', 'chains.finish']);
  });

  it('on a figure that is not there fails the chain, in words', async () => {
    const id = run(
      schedule(
        'Misspelt',
        [
          frozen,
          { ...accuracy, ...{ when: [{ step: 'frozen', figure: 'judgements', is: 'above', value: 1 }] } },
        ].map((step) =>
          step.kind === 'evaluate'
            ? {
                ...{ kind: 'generate', key: 'x', models: [model()], when: step.when, responsesPerPrompt: 2 },
              }
            : step,
        ) as ChainStepInput[],
      ),
    );
    await workUntil(() => hasEnded(id), 'the chain to end');
    expect(execution(id)).toMatchObject({
      status: 'failed',
      error:
        'Step "x": The condition asks for "judgements" of step "frozen", which has only judgments, leftOut.',
    });
  });
});

describe('a chain in the hands of people', { timeout: 300_000 }, () => {
  const metricsOf = (runId: string | null) =>
    world.db
      .select({ step: runMetrics.step, name: runMetrics.name, value: runMetrics.value })
      .from(runMetrics)
      .where(and(eq(runMetrics.runId, runId ?? ''), not(like(runMetrics.name, 'time/%'))))
      .orderBy(asc(runMetrics.id))
      .all();
  const long = { batchSize: 4, epochs: 4, runtime: { checkpointEvery: 5, evalEvery: 6 } };
  const list = () => [frozen, reward(long), accuracy];

  it('is paused in the middle of a run, and resumed gives the same numbers', async () => {
    const whole = schedule('Undisturbed', list());
    const first = run(whole);
    await workUntil(() => hasEnded(first), 'the chain to end');
    const id = run(whole);
    const at = () =>
      world.db
        .select()
        .from(runs)
        .where(eq(runs.id, state(id, 'reward').runId ?? ''))
        .get();
    await workUntil(() => {
      if ((at()?.step ?? 0) >= 7 && execution(id).status === 'running')
        pauseExecution({ ctx: world.ctx, input: input(id) });
      return state(id, 'reward').status === 'paused';
    }, 'the chain to be paused');
    expect(execution(id).status).toBe('paused');
    expect(at()?.status).toBe('paused');
    expect(() => pauseExecution({ ctx: world.ctx, input: input(id) })).toThrow(/this one is paused/);
    resumeExecution({ ctx: world.ctx, input: input(id) });
    expect(execution(id).status).toBe('running');
    await workUntil(() => hasEnded(id), 'the chain to end');
    expect(execution(id).status).toBe('done');
    expect(metricsOf(state(id, 'reward').runId)).toEqual(metricsOf(state(first, 'reward').runId));
    expect(state(id, 'accuracy').figures).toEqual(state(first, 'accuracy').figures);
    const said = world.db.select().from(auditLog).where(eq(auditLog.subject, id)).all();
    expect(said.map(({ action }) => action)).toEqual(['chains.pause', 'chains.resume', 'chains.finish']);
  });

  it('paused between two steps, starts nothing until it is resumed', async () => {
    const id = run(schedule('Resting', [frozen, reward()]));
    // a snapshot that waits rests at once
    pauseExecution({ ctx: world.ctx, input: input(id) });
    expect(state(id, 'frozen').status).toBe('paused');
    resumeExecution({ ctx: world.ctx, input: input(id) });
    expect(state(id, 'frozen').status).toBe('running');
    await workUntil(() => state(id, 'reward').status === 'running', 'the second step');
    pauseExecution({ ctx: world.ctx, input: input(id) });
    expect(state(id, 'reward').status).toMatch(/paused|running/);
    cancelExecution({ ctx: world.ctx, input: input(id) });
    expect(execution(id).status).toBe('cancelled');
    await workUntil(() => state(id, 'reward').status === 'cancelled', 'the run to be cancelled');
    expect(() => cancelExecution({ ctx: world.ctx, input: input(id) })).toThrow(/already ended: cancelled/);
  });

  it('cancelled with its run, is taken up again with it', async () => {
    const id = run(schedule('Taken up', [frozen, reward(), accuracy]));
    await workUntil(() => state(id, 'reward').runId !== null, 'the run');
    const runId = state(id, 'reward').runId as string;
    cancelRun({ ctx: world.ctx, input: { runId } });
    await workUntil(() => hasEnded(id), 'the chain to be cancelled');
    expect(execution(id).status).toBe('cancelled');
    resumeRun({ ctx: world.ctx, input: { runId } });
    expect(execution(id)).toMatchObject({ status: 'running', finishedAt: null });
    await workUntil(() => hasEnded(id), 'the chain to end');
    expect(states(id).map(({ status }) => status)).toEqual(['done', 'done', 'done']);
  });

  it('failed, says at which step and why, and goes on from there when that is mended', async () => {
    const whole = schedule('Failing', [frozen, reward(), accuracy]);
    const file = `${world.dataFolder}/models/tiny/config.json`;
    const size = statSync(file).size;
    appendFileSync(file, ' ');
    const id = run(whole);
    try {
      await workUntil(() => hasEnded(id), 'the chain to fail');
    } finally {
      truncateSync(file, size);
    }
    expect(execution(id).status).toBe('failed');
    expect(execution(id).error).toMatch(/^Step "reward": .*config\.json has sha256 \w+, the manifest says/);
    expect(states(id).map(({ status }) => status)).toEqual(['done', 'failed', 'waiting']);
    resumeExecution({ ctx: world.ctx, input: input(id) });
    await workUntil(() => hasEnded(id), 'the chain to end');
    expect(execution(id)).toMatchObject({ status: 'done', error: null });
    expect(madeBy(whole.id, id).runs).toHaveLength(1);
  });

  it('whose first step cannot start leaves a failed execution, and the schedule is free again', () => {
    const whole = schedule('Unstartable', [
      { kind: 'generate', key: 'x', models: [model()], responsesPerPrompt: 2 },
    ]);
    const folder = `${world.dataFolder}/models/tiny`;
    renameSync(folder, `${folder}-away`);
    const id = run(whole);
    renameSync(`${folder}-away`, folder);
    expect(execution(id)).toMatchObject({ status: 'failed' });
    expect(execution(id).error).toMatch(/^Step "x": tiny has no readable manifest\.json/);
    const again = run(whole);
    expect(execution(again).status).toBe('running');
    cancelExecution({ ctx: world.ctx, input: input(again) });
  });
});
