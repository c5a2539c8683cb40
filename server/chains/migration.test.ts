import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asc } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../db/client.ts';
import { chainExecutions } from '../../db/schema/chains.ts';
import { jobs, schedules } from '../../db/schema/jobs.ts';
import { createEarlierDatabase } from '../../db/testing.ts';
import { jobDefinitions } from '../jobs/definitions.ts';
import { stepStatesOf, storedSteps } from './internal.ts';
import { chainSchema } from './schemas.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'earlier-'));
  file = path.join(folder, 'plumbline.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('rows of an earlier version', () => {
  it('that were schedules of three links are lists of steps with their history; what was on its way goes on', () => {
    const earlier = createEarlierDatabase(file, '0004_pause');
    const chain = { modelId: 'mdl_1', rewardConfig: { epochs: 2 }, ppoConfig: { totalEpisodes: 64 } };
    earlier.exec(`
      insert into users (id, email, name, created_at) values ('usr_1', 'a@example.org', 'A', 1);
      insert into projects (id, slug, name, settings, created_by, created_at) values ('prj_1', 'p', 'P', '{}', 'usr_1', 1);
      insert into models (id, project_id, name, kind, created_at) values ('mdl_1', 'prj_1', 'm', 'language-model', 1);
      insert into checkpoints (id, model_id, folder, manifest_sha256, step, created_at)
        values ('chk_1', 'mdl_1', 'a', 'x', 1, 1), ('chk_2', 'mdl_1', 'b', 'x', 1, 2);
      insert into snapshots (id, project_id, number, query, seed, counts, folder, manifest_sha256, created_by, created_at)
        values ('snp_1', 'prj_1', 1, '{}', 1, '{}', 's', 'x', 'usr_1', 1);`);
    const schedule = earlier.prepare(
      `insert into schedules (id, project_id, name, "trigger", every_judgments, chain, enabled, last_count, created_by, created_at)
       values (?, 'prj_1', ?, 'judgments', 20, ?, ?, 7, 'usr_1', 1)`,
    );
    schedule.run('sch_1', 'On', JSON.stringify(chain), 1);
    schedule.run('sch_2', 'Off', JSON.stringify(chain), 0);
    const run = earlier.prepare(
      `insert into runs (id, project_id, recipe, name, status, config, model_checkpoint_id, reward_checkpoint_id, snapshot_id,
         schedule_id, folder, result_checkpoint_id, summary, error, created_by, created_at, finished_at)
       values (?, 'prj_1', ?, 'r', ?, '{}', 'chk_1', ?, ?, ?, 'f', ?, ?, ?, 'usr_1', 10, ?)`,
    );
    const figures = JSON.stringify({ low: 0.1 + 0.2 });
    run.run('run_a', 'reward', 'succeeded', null, 'snp_1', 'sch_1', 'chk_a', figures, null, 20);
    run.run('run_b', 'ppo', 'succeeded', 'chk_a', null, 'sch_1', 'chk_b', '{}', null, 30);
    run.run('run_c', 'reward', 'failed', null, 'snp_1', 'sch_1', null, null, 'NaN at step 3', 40);
    run.run('run_d', 'reward', 'succeeded', null, 'snp_1', 'sch_1', 'chk_d', '{}', null, 50);
    run.run('run_e', 'ppo', 'running', 'chk_d', null, 'sch_1', null, null, null, null);
    run.run('run_f', 'reward', 'running', null, 'snp_1', 'sch_1', null, null, null, null);
    run.run('run_g', 'reward', 'queued', null, 'snp_1', 'sch_2', null, null, null, null);
    run.run('run_h', 'reward', 'succeeded', null, 'snp_1', 'sch_2', 'chk_h', '{}', null, 60);
    // by hand, of no schedule
    run.run('run_i', 'reward', 'succeeded', null, 'snp_1', null, 'chk_i', '{}', null, 70);
    const job = earlier.prepare(
      `insert into jobs (id, kind, payload, status, error, created_at, finished_at) values (?, 'chain', ?, ?, ?, 80, ?)`,
    );
    const payload = JSON.stringify({ scheduleId: 'sch_1', judgmentCount: 27 });
    job.run('job_j', payload, 'queued', null, null);
    job.run('job_k', payload, 'failed', 'disk full', 90);
    job.run('job_l', payload, 'done', null, 90);
    earlier.close();

    const db = openDatabase(file);
    const executions = db.select().from(chainExecutions).orderBy(asc(chainExecutions.id)).all();
    const states = (executionId: string) =>
      stepStatesOf(db, executionId).map(({ status, runId, jobId }) => [status, runId ?? jobId]);
    expect(executions.map(({ id, status, error }) => [id, status, error, states(id)])).toEqual([
      [
        'exe_a',
        'done',
        null,
        [
          ['done', null],
          ['done', 'run_a'],
          ['done', 'run_b'],
        ],
      ],
      [
        'exe_c',
        'failed',
        'Step "reward": NaN at step 3',
        [
          ['done', null],
          ['failed', 'run_c'],
          ['waiting', null],
        ],
      ],
      [
        'exe_d',
        'running',
        null,
        [
          ['done', null],
          ['done', 'run_d'],
          ['running', 'run_e'],
        ],
      ],
      [
        'exe_f',
        'running',
        null,
        [
          ['done', null],
          ['running', 'run_f'],
          ['waiting', null],
        ],
      ],
      [
        'exe_g',
        'paused',
        null,
        [
          ['done', null],
          ['running', 'run_g'],
          ['waiting', null],
        ],
      ],
      [
        'exe_h',
        'cancelled',
        null,
        [
          ['done', null],
          ['done', 'run_h'],
          ['waiting', null],
        ],
      ],
      [
        'exe_j',
        'running',
        null,
        [
          ['running', 'job_j'],
          ['waiting', null],
          ['waiting', null],
        ],
      ],
      [
        'exe_k',
        'failed',
        'Step "snapshot": disk full',
        [
          ['failed', 'job_k'],
          ['waiting', null],
          ['waiting', null],
        ],
      ],
    ]);
    const steps = db
      .select()
      .from(schedules)
      .all()
      .map((row) => storedSteps(row.steps));
    expect(steps[1]).toEqual(steps[0]);
    expect(steps[0]).toEqual(
      chainSchema
        .parse([
          { kind: 'snapshot', key: 'snapshot' },
          {
            ...{ kind: 'train', key: 'reward', recipe: 'reward', model: { from: 'model', modelId: 'mdl_1' } },
            snapshot: { from: 'step', step: 'snapshot' },
          },
          {
            ...{ kind: 'train', key: 'ppo', recipe: 'ppo', model: { from: 'model', modelId: 'mdl_1' } },
            rewardModel: { from: 'step', step: 'reward' },
          },
        ])
        .map((step) =>
          step.kind === 'train'
            ? { ...step, config: step.key === 'ppo' ? chain.ppoConfig : chain.rewardConfig }
            : step,
        ),
    );
    expect(stepStatesOf(db, 'exe_a')[1]).toMatchObject({
      checkpointId: 'chk_a',
      figures: { low: 0.1 + 0.2 },
    });
    expect(stepStatesOf(db, 'exe_a')[0]).toMatchObject({ snapshotId: 'snp_1', figures: null });
    expect(executions[0]?.checkpointOfModel).toEqual({ mdl_1: 'chk_1' });
    // it had not begun to train: the newest checkpoint
    expect(executions.at(-2)?.checkpointOfModel).toEqual({ mdl_1: 'chk_2' });
    const kinds = db.select().from(jobs).orderBy(asc(jobs.id)).all();
    expect(kinds.map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot', 'chain']);
    expect(jobDefinitions.snapshot.payload.parse(kinds[0]?.payload).projectId).toBe('prj_1');
    db.$client.close();
  });
});
