import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { runMetrics, runs } from '../../db/schema/runs.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Role } from '../../lib/roles.ts';
import type { RecipeName } from '../../trainer/config/recipes.ts';
import type { Ctx } from '../context.ts';
import { claimJob, enqueueJob } from '../jobs/queue.ts';
import { requeued } from '../worker/handlers/train.ts';
import { cancelRun } from './cancel.ts';
import { compareRuns } from './compare.ts';
import { downloadMetrics } from './download-metrics.ts';
import { editRun } from './edit.ts';
import { readEvents } from './events.ts';
import { getRunFor } from './internal.ts';
import { listRuns } from './list.ts';
import { pauseRun } from './pause.ts';
import { resumeRun } from './resume.ts';
import type { ListRunsInput } from './schemas.ts';

let db: Db;
let projectId: string;
let userIds: Record<Role, string>;
const as = (role: Role): Ctx => ({
  db,
  dataFolder: '/nowhere',
  actor: { type: 'user', userId: userIds[role], isInstanceOwner: false },
  now: Date.now,
});
beforeEach(() => {
  db = createTestDb();
  ({ projectId, userIds } = seedProject(db));
});
afterEach(() => db.$client.close());

function addRun(id: string, values: Partial<typeof runs.$inferInsert> = {}) {
  db.insert(runs)
    .values({
      ...{ id, projectId, recipe: 'reward' as RecipeName, name: id, status: 'succeeded', config: {} },
      ...{ folder: `runs/${id}`, createdBy: userIds.researcher, createdAt: 1, ...values },
    })
    .run();
}
const list = (input: Partial<ListRunsInput> = {}) =>
  listRuns({ ctx: as('auditor'), input: { projectId, ...input } });
const names = (input: Partial<ListRunsInput>) => list(input).items.map(({ name }) => name);
/** Every page of a list, one after another. */
function allPages(input: Partial<ListRunsInput>): string[] {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: ReturnType<typeof list> = list({ ...input, cursor });
    found.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

describe('the list of runs', () => {
  it('is sorted by name, age and result, and every page goes on where the one before ended', () => {
    const given = [
      ['run_1', 'b', 0.7],
      ['run_2', 'a', null],
      ['run_3', 'b', 0.9],
      ['run_4', 'c', 0.7],
    ] as const;
    for (const [id, name, headline] of given) addRun(id, { name, headline });
    const orders = {
      newest: ['run_4', 'run_3', 'run_2', 'run_1'],
      oldest: ['run_1', 'run_2', 'run_3', 'run_4'],
      name: ['run_2', 'run_1', 'run_3', 'run_4'],
      'highest-result': ['run_3', 'run_4', 'run_1'],
      'lowest-result': ['run_1', 'run_4', 'run_3'],
    } as const;
    for (const [sort, wanted] of Object.entries(orders)) {
      for (const limit of [1, 2, 50])
        expect({ sort, limit, ids: allPages({ sort: sort as keyof typeof orders, limit }) }).toEqual({
          ...{ sort, limit, ids: wanted },
        });
    }
  });

  it('finds every word in name, notes, tags or id, in whatever case, and filters', () => {
    addRun('run_1', {
      name: 'Größe 3',
      notes: 'with LoRA',
      tags: ['sweep'],
      recipe: 'dpo',
      status: 'failed',
    });
    addRun('run_2', { name: 'plain', tags: ['sweep two'] });
    expect(names({ search: 'GRÖSSE' })).toEqual([]);
    expect(names({ search: 'größe lora' })).toEqual(['Größe 3']);
    expect(names({ search: 'sweep' })).toEqual(['plain', 'Größe 3']);
    expect(names({ search: 'run_2' })).toEqual(['plain']);
    expect(names({ tag: 'sweep' })).toEqual(['Größe 3']);
    expect(names({ recipe: 'reward' })).toEqual(['plain']);
    expect(names({ status: 'failed' })).toEqual(['Größe 3']);
    expect(names({ search: '100%_' })).toEqual([]);
  });

  it('looks at 2,000 rows at most for one page, says so, and goes on from there', () => {
    db.transaction(() => {
      for (let n = 0; n < 2600; n++)
        addRun(`run_${String(n).padStart(5, '0')}`, { name: n === 3 ? 'needle' : 'hay' });
    });
    const first = list({ search: 'needle' });
    expect(first).toMatchObject({ items: [], lookedAt: 2000 });
    const second = list({ search: 'needle', cursor: first.nextCursor });
    expect(second).toMatchObject({ items: [{ id: 'run_00003' }], lookedAt: 600, nextCursor: null });
  });

  it('begins at its beginning for a cursor that no page gave', () => {
    addRun('run_1');
    for (const cursor of ['x', '[1]', '{"a":1}', '[{},"run_1"]'])
      expect(list({ cursor }).items).toHaveLength(1);
  });

  it('is walked along an index in every order', () => {
    const walks = [
      'project_id = ? order by id desc',
      'project_id = ? and name is not null and (name, id) > (?, ?) order by name, id',
      'project_id = ? and headline is not null and (headline, id) < (?, ?) order by headline desc, id desc',
    ];
    for (const walk of walks) {
      const plan = db.$client
        .prepare(`explain query plan select id from runs where ${walk} limit 250`)
        .all(...(walk.match(/\?/g)?.map(() => 'x') ?? [])) as { detail: string }[];
      expect(plan.map(({ detail }) => detail).join('; ')).toMatch(
        /^SEARCH runs USING (COVERING )?INDEX runs_\w+ [^;]*$/,
      );
    }
  });
});

describe('name, notes and tags', () => {
  it('are changed by researchers, with a record that says which of them; what is left out stays', () => {
    addRun('run_1', { name: 'before' });
    const edit = (change: object) =>
      editRun({ ctx: as('researcher'), input: { projectId, runId: 'run_1', ...change } });
    expect(edit({ name: 'after', tags: ['a', 'b'] })).toEqual({
      name: 'after',
      notes: null,
      tags: ['a', 'b'],
    });
    expect(edit({ notes: 'why' })).toEqual({ name: 'after', notes: 'why', tags: ['a', 'b'] });
    expect(edit({ notes: '', tags: [] })).toEqual({ name: 'after', notes: null, tags: null });
    edit({ name: 'after' });
    const records = db
      .select()
      .from(auditLog)
      .all()
      .filter(({ action }) => action === 'runs.edit');
    expect(records.map(({ payload }) => JSON.parse(payload).changed)).toEqual([
      ['name', 'tags'],
      ['notes'],
      ['notes', 'tags'],
    ]);
    expect(() => editRun({ ctx: as('auditor'), input: { projectId, runId: 'run_1', name: 'x' } })).toThrow(
      /auditor/,
    );
  });
});

describe('comparing', () => {
  const summary = (heldOutAccuracy: number, low: number, high: number) => ({
    heldOutAccuracy,
    low,
    high,
    pairs: 80,
  });

  it('says where the configs differ, and how far each result is from the first with an interval', () => {
    addRun('run_1', { config: { a: 1, deep: { b: 2 } }, summary: summary(0.8, 0.7, 0.9) });
    addRun('run_2', { config: { a: 1, deep: { b: 3 } }, summary: summary(0.6, 0.5, 0.7) });
    addRun('run_3', { config: { a: 1, deep: { b: 3 }, c: true } });
    const { configDifferences, runs: compared } = compareRuns({
      ctx: as('auditor'),
      input: { runIds: ['run_1', 'run_2', 'run_3', 'run_1'] },
    });
    expect(configDifferences).toEqual([
      { path: 'c', values: [null, null, true] },
      { path: 'deep.b', values: [2, 3, 3] },
    ]);
    expect(compared.map(({ id }) => id)).toEqual(['run_1', 'run_2', 'run_3']);
    const [first, second, third] = compared.map(({ difference }) => difference);
    expect([first, third]).toEqual([null, null]);
    // by hand: sqrt(0.1^2 + 0.1^2) to either side
    expect(second?.value).toBeCloseTo(-0.2);
    expect(second?.low).toBeCloseTo(-0.2 - Math.SQRT2 / 10);
    expect(second?.high).toBeCloseTo(-0.2 + Math.SQRT2 / 10);
  });

  it('refuses a run of a project that one may not see', () => {
    const other = seedProject(db);
    addRun('run_1');
    addRun('run_2', { projectId: other.projectId });
    expect(() => compareRuns({ ctx: as('owner'), input: { runIds: ['run_1', 'run_2'] } })).toThrow(
      /No run run_2/,
    );
  });
});

describe('the metrics as CSV', () => {
  it('have a row for each step and a column for each name; what was set apart is left out', () => {
    addRun('run_1');
    const add = (step: number, name: string, value: number | null) =>
      db.insert(runMetrics).values({ runId: 'run_1', step, name, value }).run();
    add(-2, 'loss', 9);
    for (let step = 1; step <= 501; step++) {
      add(step, 'loss', step / 2);
      add(step, 'time/wall', 0.5);
    }
    add(2, 'eval, loss', null);
    const { fileName, lines } = downloadMetrics({ ctx: as('auditor'), input: { runId: 'run_1' } });
    const rows = [...lines].join('').split('\r\n');
    expect(fileName).toBe('run_1-metrics.csv');
    expect(rows).toHaveLength(1 + 501 + 1);
    expect(rows.slice(0, 3)).toEqual([
      'step,seconds,"eval, loss",loss,time/wall',
      '1,0.5,,0.5,0.5',
      '2,1,,1,0.5',
    ]);
    expect(rows[501]).toBe('501,250.5,,250.5,0.5');
    expect(() => downloadMetrics({ ctx: as('annotator'), input: { runId: 'run_1' } })).toThrow(/annotator/);
  });
});

describe('what a run says of its cancelling', () => {
  const types = () => readEvents({ ctx: as('auditor'), input: { runId: 'run_1' } }).map(({ type }) => type);
  const begin = () => {
    addRun('run_1', { status: 'running' });
    enqueueJob({ db, now: Date.now }, { kind: 'train', payload: { runId: 'run_1' }, runId: 'run_1' });
    const claimed = claimJob(db, { owner: 'w', kinds: ['train'], leaseMs: 60_000, now: Date.now() });
    if (!claimed) throw new Error('no job');
    return claimed;
  };
  const input = { runId: 'run_1' };

  it('is said once, however often it is asked for, and nothing goes on or rests after it', () => {
    begin();
    cancelRun({ ctx: as('researcher'), input });
    cancelRun({ ctx: as('researcher'), input });
    expect(() => pauseRun({ ctx: as('researcher'), input })).toThrow(/is being cancelled/);
    expect(() => resumeRun({ ctx: as('researcher'), input })).toThrow(/is being cancelled/);
    expect(types()).toEqual(['cancel-requested']);
  });

  it('is kept where the work breaks off meanwhile: the run ends, and is not told to wait', () => {
    const { job } = begin();
    cancelRun({ ctx: as('researcher'), input });
    db.$client.prepare(`update jobs set status = 'queued', lease_owner = null where id = ?`).run(job.id);
    requeued({ ctx: as('researcher'), job, error: 'the process died' });
    expect(types()).toEqual(['cancel-requested', 'cancelled']);
    expect(getRunFor(as('auditor'), 'run_1', 'runs.read').status).toBe('cancelled');
  });
});
