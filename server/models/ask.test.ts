import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { workFolderUntil } from '../../tests/support/work-until.ts';
import { startRun } from '../runs/start.ts';
import { askModels } from './ask.ts';
import { cancelAsk, forgetAsks, readAsked } from './asked.ts';
import { generateResponses } from './generate.ts';
import { cancelGeneration, listGenerations } from './generations.ts';
import { listModels } from './list.ts';

let world: TrainingWorld;
let rewardId: string;

const until = (isDone: () => boolean) => workFolderUntil(world, isDone);
const statusOf = (jobId: string) => world.db.select().from(jobs).where(eq(jobs.id, jobId)).get()?.status;
const ask = (change: object = {}) =>
  askModels({
    ctx: world.ctx,
    input: {
      ...{
        projectId: world.projectId,
        prompt: 'Say it.',
        answer: null,
        modelIds: [world.model.id],
        rewardIds: [],
      },
      ...{ temperature: 1, maxNewTokens: 6, seed: 5, ...change },
    },
  }).jobId;
const asked = (jobId: string) => readAsked({ ctx: world.ctx, input: { projectId: world.projectId, jobId } });

beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(6);
  const run = startRun({
    ctx: world.ctx,
    input: {
      ...{ projectId: world.projectId, recipe: 'reward', name: '', rewardCheckpointId: null },
      ...{ modelCheckpointId: world.model.id, snapshotId: await world.snapshot() },
      config: { epochs: 1, batchSize: 4, maxLength: 64, normalizeOn: 4 },
    },
  });
  const ended = () =>
    ['done', 'failed'].includes(
      world.db.select().from(jobs).where(eq(jobs.runId, run.id)).get()?.status ?? '',
    );
  await until(ended);
  const models = listModels({ ctx: world.ctx, input: { projectId: world.projectId } });
  rewardId = models.find(({ kind }) => kind === 'reward-model')?.checkpoints[0]?.id ?? '';
  expect(rewardId).not.toBe('');
}, 180_000);
afterAll(() => world.close());

describe('trying a prompt', { timeout: 120_000 }, () => {
  it('gives an answer of each model and the score of each answer; nothing becomes data, and it is forgotten after a day', async () => {
    const rows = () => [world.db.$count(prompts), world.db.$count(responses)];
    const before = await Promise.all(rows());
    const jobId = ask({ answer: 'My own.', rewardIds: [rewardId] });
    expect(() => ask()).toThrow(/Your last question is still being answered/);
    expect(asked(jobId)).toMatchObject({ status: 'queued', progress: null });
    await until(() => statusOf(jobId) === 'done');
    const { progress, error } = asked(jobId);
    expect(error).toBeNull();
    expect(progress).toMatchObject({ done: 2, total: 2 });
    expect(progress?.answers.map(({ checkpointId }) => checkpointId)).toEqual([null, world.model.id]);
    const scores = progress?.answers.map(({ scores: given }) => given[rewardId]);
    for (const score of scores ?? []) expect(score).toEqual(expect.any(Number));
    // a model that tells texts apart gives them different scores
    expect(scores?.[0]).not.toBe(scores?.[1]);
    expect(await Promise.all(rows())).toEqual(before);
    const record = world.db.select().from(auditLog).where(eq(auditLog.subject, jobId)).get();
    expect(record?.payload).not.toContain('Say it.');

    forgetAsks({ db: world.db, now: () => Date.now() + 23 * 3600_000 });
    expect(statusOf(jobId)).toBe('done');
    forgetAsks({ db: world.db, now: () => Date.now() + 25 * 3600_000 });
    expect(() => asked(jobId)).toThrow(/No question/);
  });

  it('draws the same again from the same seed', async () => {
    const texts: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      const jobId = ask();
      await until(() => statusOf(jobId) === 'done');
      texts.push(asked(jobId).progress?.answers[0]?.content);
    }
    expect(texts[0]).toBe(texts[1]);
  });

  it('can be cancelled by who asked, and is seen by nobody else', () => {
    const jobId = ask();
    const input = { projectId: world.projectId, jobId };
    const other = world.db.$client
      .prepare(`select user_id from memberships where role = 'owner'`)
      .pluck()
      .get() as string;
    const owner = { ...world.ctx, actor: { type: 'user' as const, userId: other, isInstanceOwner: false } };
    expect(() => readAsked({ ctx: owner, input })).toThrow(/No question/);
    expect(() => cancelAsk({ ctx: owner, input })).toThrow(/No question/);
    expect(cancelAsk({ ctx: world.ctx, input })).toEqual({ status: 'cancelled' });
    expect(asked(jobId)).toMatchObject({ status: 'cancelled', remainingSeconds: null });
  });

  it('refuses what cannot be done, in words', () => {
    expect(() => ask({ modelIds: [] })).toThrow(/Choose a language model/);
    expect(() => ask({ modelIds: [], rewardIds: [rewardId] })).toThrow(/scores answers: write one/);
    expect(() => ask({ modelIds: [rewardId] })).toThrow(/is a reward-model, expected a language-model/);
  });
});

describe('the writing of many responses', { timeout: 120_000 }, () => {
  it('is listed with how far it is while it waits, and can be cancelled', () => {
    const { jobId, numPrompts } = generateResponses({
      ctx: world.ctx,
      input: {
        ...{
          projectId: world.projectId,
          checkpointIds: [world.model.id],
          numPrompts: 3,
          responsesPerPrompt: 2,
        },
        ...{ temperature: 1, maxNewTokens: 6, seed: 5, createTasks: false },
      },
    });
    const list = () => listGenerations({ ctx: world.ctx, input: { projectId: world.projectId } });
    expect(list()).toMatchObject([{ jobId, status: 'queued', done: 0, total: numPrompts * 2 }]);
    world.db
      .update(jobs)
      .set({ status: 'leased', progress: { done: 2, total: 6, startedAt: Date.now() - 10_000 } })
      .where(eq(jobs.id, jobId))
      .run();
    expect(list()[0]?.remainingSeconds).toBeCloseTo(20, 0);
    world.db.update(jobs).set({ status: 'queued' }).where(eq(jobs.id, jobId)).run();
    expect(cancelGeneration({ ctx: world.ctx, input: { projectId: world.projectId, jobId } })).toEqual({
      status: 'cancelled',
    });
    expect(list()).toEqual([]);
  });
});
