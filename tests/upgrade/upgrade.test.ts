/**
 * Data folders of the first version, opened by this one: nothing is lost, and everything goes on. `interrupted-0.1.0.tar.gz` was
 * made by that version's own code (its training world: sixteen judgments, a snapshot, an export, a schedule, a reward run stopped
 * after six of ten steps); the larger one, of its demo, lies beside the repository.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { and, asc, desc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { checkpoints, models } from '../../db/schema/models.ts';
import { projects } from '../../db/schema/projects.ts';
import { responses } from '../../db/schema/prompts.ts';
import { runEvents, runMetrics, runs } from '../../db/schema/runs.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../../server/context.ts';
import { databaseFile, openDataFolder } from '../../server/data-folder.ts';
import { generateResponses } from '../../server/models/generate.ts';
import { createCaller } from '../../server/root.ts';
import { cancelRun } from '../../server/runs/cancel.ts';
import { startRun } from '../../server/runs/start.ts';
import { writeExport } from '../../server/snapshots/write-export.ts';
import { addPrompt } from '../../server/tasks/add-prompt.ts';
import { verifyDataFolder } from '../../server/verify/verify-data-folder.ts';
import { sharedPath } from '../support/shared-data.ts';
import { workFolderUntil } from '../support/work-until.ts';

type Earlier = { db: Db; dataFolder: string; projectId: string; ctx: Ctx; close: () => void };

const demo = sharedPath('upgrade', 'data-0.1.0.tar.gz');

function unpack(archive: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'upgrade-'));
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const [only] = readdirSync(folder);
  return only !== undefined && readdirSync(folder).length === 1 ? path.join(folder, only) : folder;
}

/** What `npm run verify` says of a data folder as it lies there, not opened by this version yet. */
function verifiedByCommand(dataFolder: string): Record<string, unknown> {
  const printed = execFileSync(
    process.execPath,
    ['--import', 'tsx', 'server/cli/verify.ts', dataFolder, '--json'],
    { encoding: 'utf8' },
  );
  return JSON.parse(printed) as Record<string, unknown>;
}

function open(dataFolder: string): Earlier {
  const db = openDataFolder(dataFolder);
  const project = db.select().from(projects).get();
  if (!project) throw new Error(`${dataFolder} has no project`);
  const actor = { type: 'user' as const, userId: project.createdBy, isInstanceOwner: true };
  return {
    ...{ db, dataFolder, projectId: project.id },
    ctx: { db, dataFolder, actor, now: Date.now },
    close() {
      db.$client.close();
      rmSync(dataFolder, { recursive: true });
    },
  };
}

const copiesIn = (dataFolder: string) =>
  readdirSync(dataFolder).filter((name) => /^plumbline-0001_run_device-\d{8}T\d{6}Z\.db$/.test(name));

const workUntil = (earlier: Earlier, condition: () => boolean) =>
  workFolderUntil(earlier, condition, { backend: null });

/** Calls what every page of a project reads, and returns it. */
async function readPages({ ctx, projectId, db }: Earlier) {
  const caller = createCaller(ctx);
  const [overview, runList, modelList, snapshotList, scheduleList] = await Promise.all([
    caller.projects.overview({ projectId }),
    caller.runs.list({ projectId }),
    caller.models.list({ projectId }),
    caller.snapshots.list({ projectId }),
    caller.schedules.list({ projectId }),
  ]);
  await Promise.all([
    caller.projects.members({ projectId }),
    caller.projects.guidelines({ projectId }),
    caller.prompts.list({ projectId }),
    caller.tasks.list({ projectId }),
    caller.tasks.stats({ projectId }),
    caller.imports.list({ projectId }),
    caller.audit.list({ projectId }),
    caller.snapshots.sources({ projectId }),
  ]);
  const pages = await Promise.all(
    runList.items.map(async ({ id: runId }) => ({
      run: await caller.runs.get({ projectId, runId }),
      metrics: await caller.runs.metrics({ projectId, runId }),
      events: await caller.runs.events({ projectId, runId }),
      samples: await caller.runs.samples({ projectId, runId }),
    })),
  );
  const lineages = await Promise.all(
    db
      .select()
      .from(checkpoints)
      .all()
      .map(({ id: checkpointId }) => caller.models.lineage({ projectId, checkpointId })),
  );
  const exported = await Promise.all(
    snapshotList.map(({ snapshotId }) => caller.snapshots.exports({ projectId, snapshotId })),
  );
  return { overview, modelList, scheduleList, pages, lineages, exported: exported.flat() };
}

/** Lets every language model answer one prompt that is new to all. */
async function generateWithAll(earlier: Earlier): Promise<void> {
  const { db, ctx, projectId } = earlier;
  addPrompt({ ctx, input: { projectId, messages: [{ role: 'user', content: 'say hello, then stop' }] } });
  const all = db
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .innerJoin(models, eq(models.id, checkpoints.modelId))
    .where(eq(models.kind, 'language-model'))
    .all();
  for (const { id } of all) {
    const { jobId } = generateResponses({
      ctx,
      input: {
        ...{ projectId, checkpointIds: [id], numPrompts: 1000, responsesPerPrompt: 1, temperature: 1 },
        ...{ maxNewTokens: 4, seed: 1, createTasks: false },
      },
    });
    const before = written(db, id);
    const statusOf = () => db.select().from(jobs).where(eq(jobs.id, jobId)).get()?.status ?? '';
    await workUntil(earlier, () => ['done', 'failed'].includes(statusOf()));
    expect(db.select().from(jobs).where(eq(jobs.id, jobId)).get()).toMatchObject({
      status: 'done',
      error: null,
    });
    expect(written(db, id)).toBeGreaterThan(before);
  }
  expect(all.length).toBeGreaterThan(0);
}

const written = (db: Db, checkpointId: string) =>
  db.select().from(responses).where(eq(responses.checkpointId, checkpointId)).all().length;

const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');

/** Writes every export that the folder holds again, from its snapshot: every column it had is the same, byte for byte. */
async function exportAgain({ db, ctx, dataFolder }: Earlier): Promise<void> {
  const all = db.select().from(snapshotExports).all();
  expect(all.length).toBeGreaterThan(0);
  for (const { snapshotId, format, folder, rows } of all) {
    const snapshot = db.select().from(snapshots).where(eq(snapshots.id, snapshotId)).get();
    if (!snapshot) throw new Error(`no snapshot ${snapshotId}`);
    const again = mkdtempSync(path.join(tmpdir(), 'export-again-'));
    try {
      const result = await writeExport(ctx, snapshot, { format, folder: again });
      expect(result.rows).toBe(rows);
      const names = readdirSync(path.join(dataFolder, folder)).filter((name) => name.endsWith('.jsonl'));
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) {
        const was = linesOf(path.join(dataFolder, folder, name));
        const now = linesOf(path.join(again, name));
        const columns = was.map((line) => Object.keys(JSON.parse(line) as object));
        // later versions may give more columns with a row; those it had are the same
        const kept = now.map((line, index) => {
          const row = JSON.parse(line) as Record<string, unknown>;
          return JSON.stringify(
            Object.fromEntries((columns[index] ?? []).map((column) => [column, row[column]])),
          );
        });
        expect(kept.join('\n')).toBe(was.join('\n'));
      }
    } finally {
      rmSync(again, { recursive: true });
    }
  }
}

const lossesOf = (db: Db, runId: string) =>
  db
    .select({ step: runMetrics.step, value: runMetrics.value })
    .from(runMetrics)
    .where(and(eq(runMetrics.runId, runId), eq(runMetrics.name, 'loss')))
    .orderBy(asc(runMetrics.step))
    .all();

describe('a data folder of 0.1.0 whose run was interrupted', { timeout: 400_000 }, () => {
  let earlier: Earlier;
  let before: Record<string, unknown>;
  beforeAll(() => {
    const folder = unpack('tests/upgrade/interrupted-0.1.0.tar.gz');
    before = verifiedByCommand(folder);
    earlier = open(folder);
  }, 100_000);
  afterAll(() => earlier?.close());

  it('is whole before and after, and was copied', async () => {
    expect(before).toMatchObject({ ok: true, broken: null, judgments: 16, snapshots: 1, exports: 1 });
    const report = await verifyDataFolder(earlier.db, earlier.dataFolder);
    // the log goes on from where it was: one record takes the rows over, one names the key of signed heads
    expect(report).toMatchObject({ broken: null, records: Number(before.records) + 2, judgments: 16 });
    expect(before.not_covered).toEqual([expect.stringContaining('not opened yet')]);
    expect(report.notCovered).toEqual([expect.stringContaining('rows written before 0.7.0')]);
    const added = earlier.db.select().from(auditLog).orderBy(desc(auditLog.seq)).limit(2).all();
    expect(added.map(({ action }) => action)).toEqual(['audit.key', 'audit.baseline']);
    expect(added[1]?.previousHash).toBe(before.head);
  });

  it('is watched from then on: a change of any row is found', async () => {
    const { db, dataFolder } = earlier;
    const shell = new Database(databaseFile(dataFolder));
    for (const [table, column] of [
      ['users', 'is_instance_owner'],
      ['projects', 'settings'],
      ['tasks', 'overlap'],
      ['runs', 'config'],
    ]) {
      const was = shell.prepare(`select rowid, ${column} value from ${table} limit 1`).get() as {
        rowid: number;
        value: unknown;
      };
      const set = shell.prepare(`update ${table} set ${column} = ? where rowid = ?`);
      set.run(typeof was.value === 'number' ? was.value + 1 : `${was.value} `, was.rowid);
      const { findings } = await verifyDataFolder(db, dataFolder);
      expect(findings).toMatchObject([{ kind: 'row-changed', where: expect.stringMatching(`^${table} `) }]);
      set.run(was.value, was.rowid);
    }
    shell.close();
    expect((await verifyDataFolder(db, dataFolder)).findings).toEqual([]);
    expect(copiesIn(earlier.dataFolder)).toHaveLength(1);
  });

  it('answers every page, its schedule included', async () => {
    const { overview, pages, scheduleList, exported } = await readPages(earlier);
    expect(overview.project).toMatchObject({ runs: 1, models: 1 });
    expect(pages[0]?.run).toMatchObject({ name: 'interrupted', status: 'queued', step: 6 });
    expect(scheduleList).toMatchObject([
      { name: 'every hundred', trigger: 'judgments', everyJudgments: 100 },
    ]);
    expect(exported).toHaveLength(1);
  });

  it('goes on with the run where it was, to the figures that 0.1.0 had', async () => {
    const { db } = earlier;
    const run = () => db.select().from(runs).get();
    await workUntil(earlier, () => ['succeeded', 'failed'].includes(run()?.status ?? ''));
    expect(run()).toMatchObject({ status: 'succeeded', error: null, step: 10 });
    const runId = run()?.id ?? '';
    const resumed = db
      .select()
      .from(runEvents)
      .where(and(eq(runEvents.runId, runId), eq(runEvents.type, 'resumed')))
      .all();
    expect(resumed.map(({ payload }) => payload)).toEqual([{ fromStep: 6 }]);
    // as 0.1.0 logged them when the same run was not moved
    const expected = [
      0.7130763530731201, 0.7027840614318848, 0.7018892168998718, 0.7003936171531677, 0.6947956085205078,
      0.6951649785041809, 0.6828064918518066, 0.6841229200363159, 0.6856468915939331, 0.6876143217086792,
    ];
    const losses = lossesOf(db, runId);
    expect(losses.map(({ step }) => step)).toEqual(expected.map((_, index) => index + 1));
    for (const [index, { value }] of losses.entries())
      expect(value).toBeCloseTo(expected[index] as number, 4);
    expect(run()?.summary).toMatchObject({ trainExamples: 13, pairs: 3 });
  });

  it('exports the same rows, lets its model write, and is still whole', async () => {
    await exportAgain(earlier);
    await generateWithAll(earlier);
    expect((await verifyDataFolder(earlier.db, earlier.dataFolder)).broken).toBeNull();
  });
});

describe.skipIf(demo === null)("the data folder of 0.1.0's demo", { timeout: 400_000 }, () => {
  const HEAD = 'd935d92bbc4f1f1392c5ed50260b3024fedcace3b79a3cb06705ccd43281e2e2';
  let earlier: Earlier;
  let before: Record<string, unknown>;
  beforeAll(() => {
    const folder = unpack(demo as string);
    const bytes = () =>
      createHash('sha256')
        .update(readFileSync(databaseFile(folder)))
        .digest('hex');
    const was = bytes();
    before = verifiedByCommand(folder);
    // a check changes nothing, also where it has to look through a migrated copy
    expect(bytes()).toBe(was);
    expect(copiesIn(folder)).toEqual([]);
    earlier = open(folder);
  }, 100_000);
  afterAll(() => earlier?.close());

  it('is whole before and after, and was copied', async () => {
    const counts = {
      judgments: 960,
      prompts: 960,
      responses: 3820,
      snapshots: 1,
      exports: 1,
      checkpoints: 3,
    };
    expect(before).toMatchObject({ ok: true, broken: null, records: 1002, head: HEAD, ...counts });
    const report = await verifyDataFolder(earlier.db, earlier.dataFolder);
    expect(report).toMatchObject({ broken: null, records: 1004, ...counts });
    expect(copiesIn(earlier.dataFolder)).toHaveLength(1);
    const copied = openDataFolder(earlier.dataFolder);
    copied.$client.close();
    expect(copiesIn(earlier.dataFolder)).toHaveLength(1);
  });

  it('answers every page: runs with curves and samples, lineage, models, exports', async () => {
    const { overview, pages, lineages, modelList, exported } = await readPages(earlier);
    expect(overview.project).toMatchObject({ runs: 2, models: 3 });
    expect(modelList).toHaveLength(3);
    for (const { run, metrics, events } of pages) {
      expect(run.status).toBe('succeeded');
      expect(Object.keys(metrics.series).length).toBeGreaterThan(5);
      expect(events.length).toBeGreaterThan(3);
      expect(run.resultCheckpoint).not.toBeNull();
    }
    const ppo = pages.find(({ run }) => run.recipe === 'ppo');
    expect(ppo?.samples.samples.length).toBeGreaterThan(0);
    expect(lineages).toHaveLength(3);
    expect(exported).toMatchObject([{ format: 'trl', rows: 5446 }]);
  });

  it('has models that write: the bundled one of that version and what was trained', async () => {
    await generateWithAll(earlier);
  });

  it('has a snapshot that trains and exports the same rows', async () => {
    const { db, ctx, projectId } = earlier;
    await exportAgain(earlier);
    const [bundled] = db
      .select({ id: checkpoints.id })
      .from(checkpoints)
      .where(eq(checkpoints.folder, 'bundled:toy-sft'))
      .all();
    const run = startRun({
      ctx,
      input: {
        ...{ projectId, recipe: 'reward', name: 'after the upgrade', rewardCheckpointId: null },
        config: { batchSize: 8, epochs: 1, normalizeOn: 16, runtime: { evalEvery: 1000 } },
        modelCheckpointId: bundled?.id ?? null,
        snapshotId: db.select().from(snapshots).get()?.id ?? null,
      },
    });
    const now = () => db.select().from(runs).where(eq(runs.id, run.id)).get();
    await workUntil(earlier, () => (now()?.step ?? 0) >= 3 || now()?.status === 'failed');
    expect(now()).toMatchObject({ error: null });
    for (const { value } of lossesOf(db, run.id)) expect(value).toBeGreaterThan(0);
    cancelRun({ ctx, input: { runId: run.id } });
    expect((await verifyDataFolder(db, earlier.dataFolder)).broken).toBeNull();
  });
});
