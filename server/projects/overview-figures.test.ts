import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { checkpoints, models } from '../../db/schema/models.ts';
import { invites } from '../../db/schema/projects.ts';
import { runMetrics, runs } from '../../db/schema/runs.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Role } from '../../lib/roles.ts';
import type { Ctx } from '../context.ts';
import { recordJudgment } from '../judgments/record.ts';
import { addPrompt } from '../tasks/add-prompt.ts';
import { addResponses } from '../tasks/add-responses.ts';
import { claimTask } from '../tasks/claim.ts';
import { createTask } from '../tasks/create.ts';
import { readActivity } from './activity.ts';
import { readMemberProgress } from './member-progress.ts';
import { readPipeline } from './pipeline.ts';

const DAY = 86_400_000;
const NOON = 20_000 * DAY + DAY / 2;

let db: Db;
let projectId: string;
let userIds: Record<Role, string>;
let now: number;
const as = (role: Role): Ctx => ({
  db,
  dataFolder: '/nowhere',
  actor: { type: 'user', userId: userIds[role], isInstanceOwner: false },
  now: () => now,
});
beforeEach(() => {
  db = createTestDb();
  ({ projectId, userIds } = seedProject(db));
  now = NOON;
});
afterEach(() => db.$client.close());

let made = 0;
function addTask(): void {
  made += 1;
  const ctx = as('researcher');
  db.transaction(() => {
    const messages = [{ role: 'user' as const, content: `Prompt ${made}` }];
    const { promptId } = addPrompt({ ctx, input: { projectId, messages } });
    const responses = ['a', 'b'].map((content) => ({ content, origin: 'imported' as const }));
    const responseIds = addResponses({ ctx, input: { promptId, responses } });
    createTask({ ctx, input: { projectId, promptId, responseIds } });
  });
}
const claim = (role: Role) => {
  const { task } = claimTask({ ctx: as(role), input: { projectId, holding: [] } });
  if (!task) throw new Error('no task');
  return task;
};
function judge(role: Role): void {
  addTask();
  const task = claim(role);
  recordJudgment({
    ctx: as(role),
    input: {
      ...{ projectId, seatId: task.seatId, leaseToken: task.leaseToken, idempotencyKey: task.seatId },
      ...{ ranking: [task.responses.map(({ id }) => id)], strength: 0, tieKind: 'equal', notRankable: false },
      ...{ flags: {}, rationale: '', firstInteractionAt: null, activeMs: 1, inputKind: 'api' },
    },
  });
}

describe('judgments by day', () => {
  it('are counted for the last fourteen days, and people for the last seven', () => {
    for (const [age, role] of [
      [20, 'annotator'],
      [8, 'researcher'],
      [1, 'annotator'],
      [0, 'annotator'],
      [0, 'annotator'],
    ] as const) {
      now = NOON - age * DAY;
      judge(role);
    }
    now = NOON;
    const { days, people, isAtLeast } = readActivity({ ctx: as('auditor'), input: { projectId } });
    expect(days.map(({ annotator }) => annotator)).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
    expect(days.at(-1)?.day).toBe(new Date(NOON).toISOString().slice(0, 10));
    expect({ people, isAtLeast }).toEqual({ people: 1, isAtLeast: false });
    expect(() => readActivity({ ctx: as('annotator'), input: { projectId } })).toThrow(/annotator/);
  });
});

describe('the progress of members', () => {
  it('says what each has judged and holds, and who invited them', () => {
    judge('annotator');
    judge('annotator');
    addTask();
    claim('annotator');
    db.insert(invites)
      .values({
        ...{ id: 'inv_1', kind: 'member', tokenHash: 'x', projectId, role: 'annotator', createdAt: 1 },
        ...{ createdBy: userIds.owner, expiresAt: 2, acceptedAt: 1, acceptedBy: userIds.annotator },
      })
      .run();
    const rows = readMemberProgress({ ctx: as('auditor'), input: { projectId } });
    const of = (role: Role) => rows.find(({ userId }) => userId === userIds[role]);
    expect(of('annotator')).toMatchObject({ judged: 2, held: 1, lastJudgedAt: NOON });
    // an auditor sees pseudonyms only
    expect(of('annotator')?.invitedBy).toMatch(/^A\d+$/);
    expect(of('researcher')).toMatchObject({ judged: 0, held: 0, lastJudgedAt: null, invitedBy: null });
  });
});

describe('the pipeline', () => {
  it('has what each run began with, names another run where that made it, and its loss, data and cost', () => {
    const model = (id: string, kind: 'language-model' | 'reward-model', runId: string | null) => {
      db.insert(models)
        .values({ id: `m${id}`, projectId, name: `m${id}`, kind, createdAt: 1 })
        .run();
      db.insert(checkpoints)
        .values({
          ...{ id, modelId: `m${id}`, runId, step: 2, folder: 'models/x', manifestSha256: 'x', createdAt: 1 },
        })
        .run();
    };
    const run = (id: string, values: Partial<typeof runs.$inferInsert>) =>
      db
        .insert(runs)
        .values({
          ...{ id, projectId, recipe: 'reward', name: id, status: 'succeeded', config: {}, folder: id },
          ...{ createdBy: userIds.owner, createdAt: 1, step: 2, ...values },
        })
        .run();
    model('ckp_base', 'language-model', null);
    run('run_1', {
      modelCheckpointId: 'ckp_base',
      startedAt: 1000,
      finishedAt: 61_000,
      device: 'a processor',
    });
    model('ckp_reward', 'reward-model', 'run_1');
    run('run_2', { recipe: 'ppo', modelCheckpointId: 'ckp_base', rewardCheckpointId: 'ckp_reward' });
    run('run_3', { status: 'failed' });
    for (const [step, loss] of [
      [1, 0.7],
      [2, 0.5],
    ] as const)
      db.insert(runMetrics).values({ runId: 'run_1', step, name: 'loss', value: loss }).run();
    db.insert(runMetrics).values({ runId: 'run_1', step: 2, name: 'num_tokens', value: 99 }).run();
    const pipeline = readPipeline({ ctx: as('auditor'), input: { projectId } });
    expect(pipeline.runs.map(({ id, from }) => ({ id, from }))).toEqual([
      { id: 'run_1', from: ['ckp_base'] },
      { id: 'run_2', from: ['data', 'ckp_base', 'run_1'] },
    ]);
    expect(pipeline.runs[0]).toMatchObject({
      ...{ firstLoss: 0.7, loss: 0.5, tokens: 99, seconds: 60, device: 'a processor' },
    });
    expect(pipeline.models.map(({ id }) => id)).toEqual(['ckp_base']);
    expect(pipeline.newest.map(({ id }) => id)).toEqual(['run_3', 'run_2', 'run_1']);
    expect(pipeline.reward?.id).toBe('run_1');
  });
});
