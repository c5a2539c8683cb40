/** The whole of it with the real worker: a person is withdrawn, the snapshot made anew, the reward model fitted again and compared. */
import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dropCounters, installCounters } from '../../db/counters.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { memberships } from '../../db/schema/projects.ts';
import { runs } from '../../db/schema/runs.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { users } from '../../db/schema/users.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { workFolderUntil } from '../../tests/support/work-until.ts';
import { TINY_REWARD } from '../chains/testing.ts';
import type { Ctx } from '../context.ts';
import { startRun } from '../runs/start.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { readTainted } from './tainted.ts';
import { takeBackWithdrawal } from './take-back.ts';
import { withdrawJudgments } from './withdraw.ts';

let world: TrainingWorld;
let owner: Ctx;
let other: string;
let userId: string;

beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(80);
  const { db, projectId, ctx } = world;
  const role = (name: 'owner' | 'auditor') =>
    db.select().from(memberships).where(eq(memberships.role, name)).get()?.userId ?? '';
  owner = { ...ctx, actor: { type: 'user', userId: role('owner'), isInstanceOwner: false } };
  userId = db.select().from(judgments).get()?.annotatorId ?? '';
  // half of them are somebody else's: written as a verb would, so that the log knows of it
  other = 'usr_other';
  db.transaction(() => {
    db.insert(users).values({ id: other, name: 'Other', email: null, createdAt: 1 }).run();
    db.insert(memberships)
      .values({ projectId, userId: other, role: 'annotator', pseudonym: 'A9', createdAt: 1 })
      .run();
    const half = db
      .select({ id: judgments.id, taskId: judgments.taskId })
      .from(judgments)
      .orderBy(asc(judgments.id));
    for (const [index, { id, taskId }] of half.all().entries()) {
      if (index % 2 === 1) continue;
      db.update(judgments).set({ annotatorId: other }).where(eq(judgments.id, id)).run();
      db.$client.prepare('update seats set annotator_id = ? where task_id = ?').run(other, taskId);
    }
  });
  // who judged never changes in a real folder, so nothing counts along with it
  dropCounters(db.$client);
  installCounters(db.$client);
}, 120_000);
afterAll(() => world?.close());

const workUntil = (condition: () => boolean) => workFolderUntil(world, condition, { heartbeatMs: 50 });

it('makes snapshots anew without the person, fits their runs again, and measures the change on the same judgments', async () => {
  const { db, projectId, ctx, model } = world;
  const snapshotId = await world.snapshot();
  const inputs = { projectId, modelCheckpointId: model.id, snapshotId, rewardCheckpointId: null };
  const run = startRun({ ctx, input: { ...inputs, recipe: 'reward', name: 'before', config: TINY_REWARD } });
  const statusOf = () => db.select().from(runs).where(eq(runs.id, run.id)).get()?.status;
  await workUntil(() => statusOf() === 'succeeded');
  const input = { projectId, userId };

  const before = readTainted({ ctx: owner, input });
  expect(before.snapshots).toEqual([{ snapshotId, number: 1, judgments: 40, of: 80 }]);
  expect(before.models.map(({ runId, generation }) => [runId, generation])).toEqual([[run.id, 1]]);
  expect(before.withdrawals).toEqual([]);

  const asked = { ...input, reason: 'did not follow the guideline', refit: true };
  const { withdrawalId, executionId } = withdrawJudgments({ ctx: owner, input: asked });
  expect(executionId).not.toBeNull();
  expect(() => withdrawJudgments({ ctx: owner, input: asked })).toThrow('already');
  const refit = () => readTainted({ ctx: owner, input }).withdrawals[0]?.refits[0];
  await workUntil(() => refit()?.status === 'done' || refit()?.status === 'failed');

  expect(refit()?.error ?? null).toBeNull();
  const anew = db.select().from(snapshots).where(eq(snapshots.number, 2)).get();
  expect(anew?.counts).toMatchObject({ kept: 40, dropped: { withdrawn: 40 } });
  expect(anew?.query).toEqual(db.select().from(snapshots).where(eq(snapshots.number, 1)).get()?.query);
  const fitted = db
    .select()
    .from(runs)
    .where(eq(runs.snapshotId, anew?.id ?? ''))
    .get();
  expect(fitted).toMatchObject({ recipe: 'reward', status: 'succeeded', config: run.config });
  const figures = refit()?.steps.find(({ key }) => key.startsWith('change'))?.figures;
  expect(figures?.gain).toBeCloseTo((figures?.accuracy ?? 0) - (figures?.baselineAccuracy ?? 1), 10);
  expect(figures?.gainLow).toBeLessThanOrEqual(figures?.gain ?? Number.NaN);
  expect(figures?.gainHigh).toBeGreaterThanOrEqual(figures?.gain ?? Number.NaN);
  // what was made without them is not tainted
  expect(readTainted({ ctx: owner, input }).models).toEqual(before.models);

  takeBackWithdrawal({ ctx: owner, input: { projectId, withdrawalId } });
  const next = await createSnapshot({ ctx, input: { projectId } });
  expect(next.counts).toMatchObject({ kept: 80, dropped: {} });
  const actions = db
    .select({ action: auditLog.action })
    .from(auditLog)
    .where(eq(auditLog.subject, userId))
    .all();
  expect(actions.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['withdrawals.withdraw', 'withdrawals.takeBack']),
  );
  expect((await verifyDataFolder(db, world.dataFolder)).findings).toEqual([]);
}, 240_000);

it('is for owners, and for people who have judged something', () => {
  const { ctx, projectId } = world;
  const asked = { projectId, reason: 'asked for', refit: false };
  expect(() => withdrawJudgments({ ctx, input: { ...asked, userId } })).toThrow('may not do this');
  expect(() => withdrawJudgments({ ctx: owner, input: { ...asked, userId: 'usr_nobody' } })).toThrow(
    'judged nothing',
  );
});
