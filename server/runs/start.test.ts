import { appendFileSync } from 'node:fs';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpoints } from '../../db/schema/models.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { seedProject } from '../../db/testing.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import type { Ctx } from '../context.ts';
import { registerBundled } from '../models/register-bundled.ts';
import { getSnapshotInProject } from '../snapshots/internal.ts';
import { estimateRun } from './estimate.ts';
import { listRuns } from './list.ts';
import type { StartRunInput } from './schemas.ts';
import { startRun } from './start.ts';
import { rankedExamplesOf, sftExamplesOf } from './training-data.ts';

let world: TrainingWorld;
let other: TrainingWorld;
let input: StartRunInput;

beforeAll(async () => {
  world = await createTrainingWorld();
  other = await createTrainingWorld();
  world.judge(10);
  input = {
    projectId: world.projectId,
    recipe: 'reward',
    name: 'r',
    config: {},
    modelCheckpointId: world.model.id,
    rewardCheckpointId: null,
    snapshotId: await world.snapshot(),
  };
}, 120_000);
afterAll(() => {
  world.close();
  other.close();
});

const start = (change: Partial<StartRunInput>, ctx: Ctx = world.ctx) =>
  startRun({ ctx, input: { ...input, ...change } });

describe('starting a run', () => {
  it('names every wrong option of the config and keeps the resolved one', () => {
    expect(() => start({ config: { epochs: -1, optimizer: { learnigRate: 1 } } })).toThrow(
      /^The reward config is not valid\. .*epochs: .*learnigRate/s,
    );
    expect(() => start({ recipe: 'ppo', config: { rolloutBatchSize: 6, numMinibatches: 4 } })).toThrow(
      /numMinibatches: rolloutBatchSize must be a multiple of numMinibatches/,
    );
    expect(start({ config: { epochs: 2 } }).config).toMatchObject({
      epochs: 2,
      batchSize: 16,
      optimizer: { beta1: 0.9 },
    });
  });

  it('asks for what the recipe needs and for nothing else', () => {
    expect(() => start({ snapshotId: null })).toThrow('reward needs a snapshot; none was chosen.');
    expect(() => start({ recipe: 'ppo', snapshotId: null })).toThrow(
      'ppo needs a reward model; none was chosen.',
    );
    expect(() => start({ rewardCheckpointId: 'ckp_1' })).toThrow(
      'reward takes no reward model; ckp_1 was given.',
    );
    expect(() => start({ recipe: 'ppo', snapshotId: null, rewardCheckpointId: world.model.id })).toThrow(
      /is a language-model; ppo needs a reward-model here/,
    );
  });

  it('takes no checkpoint or snapshot of another project, and not from somebody without the right', () => {
    const foreign = registerBundled({ ctx: other.ctx, input: { projectId: other.projectId } });
    expect(() => start({ modelCheckpointId: foreign.id })).toThrow(
      `No checkpoint ${foreign.id} in this project.`,
    );
    expect(() => start({ snapshotId: 'snp_nowhere' })).toThrow('No snapshot snp_nowhere in this project.');
    const stranger = {
      ...world.ctx,
      actor: { type: 'user' as const, userId: 'usr_x', isInstanceOwner: false },
    };
    expect(() => start({}, stranger)).toThrow(`No project ${world.projectId}.`);
  });

  it('refuses a checkpoint whose manifest is not the registered one', () => {
    const bundled = registerBundled({ ctx: world.ctx, input: { projectId: world.projectId } });
    expect(registerBundled({ ctx: world.ctx, input: { projectId: world.projectId } }).id).toBe(bundled.id);
    world.db
      .update(checkpoints)
      .set({ manifestSha256: '0'.repeat(64) })
      .where(eq(checkpoints.id, bundled.id))
      .run();
    expect(() => start({ modelCheckpointId: bundled.id })).toThrow(
      /registered is 0{64}\. The folder was changed/,
    );
    // as after an update of the program: the model of today is another checkpoint
    const today = registerBundled({ ctx: world.ctx, input: { projectId: world.projectId } });
    expect(today.id).not.toBe(bundled.id);
    expect(start({ modelCheckpointId: today.id }).status).toBe('queued');
  });

  it('lists newest first, page by page', () => {
    for (const name of ['a', 'b', 'c']) start({ name });
    const first = listRuns({ ctx: world.ctx, input: { projectId: world.projectId, limit: 2 } });
    const second = listRuns({
      ctx: world.ctx,
      input: { projectId: world.projectId, limit: 2, cursor: first.nextCursor },
    });
    expect([...first.items, ...second.items].slice(0, 3).map((run) => run.name)).toHaveLength(3);
    expect(new Set([...first.items, ...second.items].map((run) => run.id)).size).toBe(4);
    expect([...first.items].map((run) => run.id)).toEqual(
      [...first.items]
        .map((run) => run.id)
        .sort()
        .reverse(),
    );
  });
});

describe('the expected cost', () => {
  it('says that nothing was measured, then tells time from the benchmark and memory from the weights', async () => {
    const ask = () => estimateRun({ ctx: world.ctx, input: { ...input, config: {} } });
    expect(ask()).toMatchObject({
      seconds: null,
      basis: 'Not measured yet: the worker does so at its first start.',
    });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(
      `${world.dataFolder}/benchmark.json`,
      JSON.stringify({
        at: 1,
        backend: 'simd',
        numParameters: 1e5,
        trainTokensPerSecond: 1000,
        generateTokensPerSecond: 2000,
      }),
    );
    const small = ask();
    expect(small.seconds).toBeGreaterThan(0);
    expect(small.memoryBytes).toBeGreaterThan(0);
    const twice = estimateRun({ ctx: world.ctx, input: { ...input, config: { epochs: 10 } } });
    expect(twice.seconds as number).toBeGreaterThan(4 * (small.seconds as number));
  });

  it('knows nothing of a snapshot of another project', () => {
    const { db } = world.ctx;
    const snapshotId = 'snp_of_another';
    db.transaction(() => {
      const { projectId } = seedProject(db);
      const { projectId: own, snapshotId: id } = input;
      const row = getSnapshotInProject(world.ctx, { projectId: own, snapshotId: id as string });
      db.insert(snapshots)
        .values({ ...row, id: snapshotId, projectId })
        .run();
    });
    const ask = () => estimateRun({ ctx: world.ctx, input: { ...input, snapshotId, config: {} } });
    expect(ask).toThrow('No snapshot');
  });
});

describe('training data of a snapshot', () => {
  const snapshot = () =>
    getSnapshotInProject(world.ctx, { projectId: world.projectId, snapshotId: input.snapshotId as string });

  it('is what was judged: best answer first, margin by strength, split by prompt', async () => {
    const examples = await rankedExamplesOf(world.ctx, snapshot());
    expect(examples).toHaveLength(10);
    for (const example of examples) {
      expect(example.ranks).toEqual([0, 1]);
      expect(example.responses[1]).toMatch(/ No\.$/);
      expect(example.margin).toBeCloseTo(2 / 3, 12);
    }
    const imitated = await sftExamplesOf(world.ctx, snapshot());
    expect(imitated.map((example) => example.completion)).toEqual(
      examples.map((example) => example.responses[0]),
    );
  });

  it('is refused when a byte of the file was changed', async () => {
    appendFileSync(`${world.dataFolder}/${snapshot().folder}/raw.jsonl`, '\n');
    await expect(rankedExamplesOf(world.ctx, snapshot())).rejects.toThrow(/was altered: raw\.jsonl/);
  });
});
