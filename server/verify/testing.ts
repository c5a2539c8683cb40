import type { Db } from '../../db/client.ts';
import { chainExecutions, chainSteps } from '../../db/schema/chains.ts';
import { erasures, withdrawals } from '../../db/schema/erasures.ts';
import { importRejects, imports } from '../../db/schema/imports.ts';
import { schedules } from '../../db/schema/jobs.ts';
import { checkpoints, models, registrations } from '../../db/schema/models.ts';
import { runEvents, runMetrics, runSamples, runs } from '../../db/schema/runs.ts';
import { accounts } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import { addThreeJudgments } from '../audit/testing.ts';
import { createInvite } from '../projects/create-invite.ts';
import { writeGuideline } from '../projects/write-guideline.ts';
import { replaceRecoveryCodes } from '../second-factor/internal.ts';
import { beginSession } from '../sessions/begin.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { exportSnapshot } from '../snapshots/export.ts';
import { claimTask } from '../tasks/claim.ts';
import { skipTask } from '../tasks/skip.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { createToken } from '../users/create-token.ts';

/**
 * A data folder in which every table that the log vouches for has a row. What only a worker can make (runs, models, chains) is
 * written as its verbs write it, in transactions of a watched connection. For tests.
 */
export async function fillEveryTable(db: Db, dataFolder: string): Promise<LabelingWorld & { runId: string }> {
  const world = createLabelingWorld(db);
  const { projectId, userIds } = world;
  addThreeJudgments(world);
  const as = (userId: string) => ({ ...world.as(userId), dataFolder });
  const researcher = as(userIds.researcher);
  const annotator = as(userIds.annotator);
  world.addTask();
  const { task } = claimTask({ ctx: annotator, input: { projectId } });
  if (!task) throw new Error('no task to skip');
  const { seatId, leaseToken } = task;
  skipTask({ ctx: annotator, input: { projectId, seatId, leaseToken, reason: 'too long' } });
  world.addTask();
  claimTask({ ctx: annotator, input: { projectId } });
  const owner = as(userIds.owner);
  writeGuideline({ ctx: owner, input: { projectId, text: 'Be fair.', basedOn: 0 } });
  createInvite({ ctx: owner, input: { projectId, role: 'annotator' } });
  createToken({ ctx: researcher, input: { name: 'script', scopes: ['read'] } });
  beginSession({
    ctx: researcher,
    input: { userId: userIds.researcher, address: '192.0.2.1', userAgent: '' },
  });
  db.transaction(() => replaceRecoveryCodes(researcher, userIds.researcher));
  await createSnapshot({ ctx: researcher, input: { projectId } });
  const snapshotId = db.$client.prepare('select id from snapshots').pluck().get() as string;
  await exportSnapshot({ ctx: researcher, input: { projectId, snapshotId, format: 'trl' } });
  const runId = newId('run');
  db.transaction(() => writeAsWorker(db, { projectId, userId: userIds.researcher, runId }));
  return { ...world, runId };
}

function writeAsWorker(
  db: Db,
  { projectId, userId, runId }: { projectId: string; userId: string; runId: string },
): void {
  const at = Date.UTC(2026, 0, 2);
  const by = { createdBy: userId, createdAt: at };
  db.insert(accounts).values({ provider: 'oidc', providerAccountId: 'a b', userId, createdAt: at }).run();
  db.insert(runs)
    .values({
      id: runId,
      projectId,
      recipe: 'reward',
      name: 'r',
      status: 'running',
      config: {},
      folder: 'f',
      ...by,
    })
    .run();
  db.insert(runMetrics).values({ runId, step: 1, name: 'loss', value: 0.5 }).run();
  const sample = { prompt: 'p', response: 'r', figures: {} };
  db.insert(runSamples).values({ runId, step: 1, sample }).run();
  db.insert(runEvents).values({ runId, at, type: 'plan', payload: {} }).run();
  db.update(runs).set({ status: 'succeeded', finishedAt: at, step: 1, resultCheckpointId: 'ckp_1' }).run();
  db.insert(models).values({ id: 'mdl_1', projectId, name: 'm', kind: 'reward-model', createdAt: at }).run();
  const parents = { parentId: 'ckp_0', rewardCheckpointId: null, snapshotId: 'snp_1', runId };
  const files = { step: 1, folder: 'f/final', manifestSha256: '0'.repeat(64), createdAt: at };
  db.insert(checkpoints)
    .values({ id: 'ckp_1', modelId: 'mdl_1', ...parents, ...files })
    .run();
  const source = { from: 'folder' as const, folder: 'x' };
  db.insert(registrations)
    .values({ id: 'reg_1', projectId, modelName: 'x', source, status: 'failed', phase: 'failed', ...by })
    .run();
  const importId = 'imp_1';
  const file = {
    fileName: 'a.jsonl',
    format: 'prompts' as const,
    rejected: { 'bad-json': 1 },
    createdAt: at,
  };
  db.insert(imports)
    .values({ id: importId, projectId, status: 'running', ...file })
    .run();
  const reject = { lineNumber: 1, reason: 'bad-json', detail: 'no JSON', raw: '{' };
  db.insert(importRejects)
    .values({ importId, ...reject })
    .run();
  db.update(imports).set({ status: 'done' }).run();
  const erased = { kind: 'response' as const, subjectId: 'rsp_1', reason: 'x', ...by };
  db.insert(erasures)
    .values({ id: 'ers_1', projectId, doneAt: at, ...erased })
    .run();
  db.insert(withdrawals)
    .values({ id: 'wdr_1', projectId, userId, reason: 'x', ...by, endedAt: at })
    .run();
  db.insert(schedules)
    .values({ id: 'sch_1', projectId, name: 's', trigger: 'cron', cron: '0 * * * *', steps: [], ...by })
    .run();
  const begun = { name: 's', status: 'done' as const, steps: [], checkpointOfModel: {}, judgmentCount: 3 };
  db.insert(chainExecutions)
    .values({ id: 'exe_1', projectId, scheduleId: 'sch_1', ...begun, ...by })
    .run();
  db.insert(chainSteps)
    .values({ id: 'stp_1', executionId: 'exe_1', position: 0, key: 'snapshot', status: 'done' })
    .run();
}
