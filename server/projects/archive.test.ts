import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq, getTableColumns, getTableName, is } from 'drizzle-orm';
import { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { checkpoints } from '../../db/schema/models.ts';
import { projects } from '../../db/schema/projects.ts';
import { prompts } from '../../db/schema/prompts.ts';
import { seedProject } from '../../db/testing.ts';
import type { Ctx } from '../context.ts';
import { openDataFolder } from '../data-folder.ts';
import { claimJob } from '../jobs/queue.ts';
import { addPrompt } from '../tasks/add-prompt.ts';
import { claimTask } from '../tasks/claim.ts';
import { fillEveryTable } from '../verify/testing.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { handle } from '../worker/handlers/delete-project.ts';
import { archiveProject } from './archive.ts';
import { bringBackProject } from './bring-back.ts';
import { DELETED_TABLES, deleteArchived } from './delete-archived.ts';
import { fireDueDeletions } from './fire-due-deletions.ts';
import { getProjectBySlug } from './get-by-slug.ts';
import { listProjects } from './list.ts';
import { listArchived } from './list-archived.ts';
import { updateProject } from './update.ts';

const DAY_MS = 24 * 60 * 60_000;
let dataFolder: string;
let db: Db;
let projectId: string;
let owner: Ctx;
let annotator: Ctx;
let other: { projectId: string };
let now: number;

beforeEach(async () => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-archive-'));
  db = openDataFolder(dataFolder);
  const world = await fillEveryTable(db, dataFolder);
  ({ projectId } = world);
  now = Date.UTC(2026, 1, 1);
  owner = { ...world.as(world.userIds.owner), dataFolder, now: () => now };
  annotator = { ...world.as(world.userIds.annotator), dataFolder, now: () => now };
  db.transaction(() => {
    other = seedProject(db);
    const ctx = { ...owner, actor: { type: 'system' as const } };
    addPrompt({
      ctx,
      input: { projectId: other.projectId, messages: [{ role: 'user', content: 'Of another.' }] },
    });
  });
});
afterEach(() => {
  db.$client.close();
  rmSync(dataFolder, { recursive: true });
});

const job = (): Ctx => ({ ...owner, actor: { type: 'job', jobId: 'job_1' } });
const put = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(dataFolder, name)), { recursive: true });
  writeFileSync(path.join(dataFolder, name), text);
};
const slug = () =>
  db
    .select()
    .from(projects)
    .all()
    .find(({ id }) => id === projectId)?.slug ?? '';

describe('an archived project', () => {
  it('is read and not written, is in no list, and can be brought back', () => {
    const { deleteAt } = archiveProject({ ctx: owner, input: { projectId, days: 30 } });
    expect(deleteAt).toBe(now + 30 * DAY_MS);
    expect(listProjects({ ctx: owner })).toEqual([]);
    expect(listArchived({ ctx: owner })).toMatchObject([{ id: projectId, deleteAt }]);
    expect(listArchived({ ctx: annotator })).toEqual([]);
    const { may } = getProjectBySlug({ ctx: owner, input: { slug: slug() } });
    expect(may).toContain('data.read');
    expect(may).not.toContain('runs.start');
    expect(() => updateProject({ ctx: owner, input: { projectId, name: 'x' } })).toThrow('archived');
    expect(() => archiveProject({ ctx: owner, input: { projectId, days: 1 } })).toThrow('already');
    bringBackProject({ ctx: owner, input: { projectId } });
    expect(listProjects({ ctx: owner }).map(({ id }) => id)).toEqual([projectId]);
    updateProject({ ctx: owner, input: { projectId, name: 'x' } });
    expect(() => bringBackProject({ ctx: owner, input: { projectId } })).toThrow('not archived');
  });

  it('is not made of one in which something is under way, nor by others than its owners', () => {
    db.transaction(() => db.$client.prepare(`update runs set status = 'running'`).run());
    expect(() => archiveProject({ ctx: owner, input: { projectId, days: 30 } })).toThrow('a run');
    expect(() => archiveProject({ ctx: annotator, input: { projectId, days: 30 } })).toThrow(
      'may not do this',
    );
  });

  it('is queued for deletion when its time has come, once, and not before or after it was brought back', () => {
    const queued = () =>
      db
        .select()
        .from(jobs)
        .all()
        .filter(({ kind }) => kind === 'delete-project').length;
    archiveProject({ ctx: owner, input: { projectId, days: 30 } });
    now += 30 * DAY_MS - 1;
    fireDueDeletions(job());
    expect(queued()).toBe(0);
    now += 1;
    fireDueDeletions(job());
    fireDueDeletions(job());
    expect(queued()).toBe(1);
  });
});

describe('deleting it', () => {
  it('takes rows and files, leaves other projects and shared weights, and the log stays whole', async () => {
    const folder = db.select().from(checkpoints).get()?.folder ?? '';
    put(`${folder}/model.safetensors`, 'weights of both');
    put('registered/theirs/config.json', '{}');
    mkdirSync(path.join(dataFolder, 'weights'), { recursive: true });
    for (const name of ['weights/abc', 'registered/theirs/model.safetensors'])
      linkSync(path.join(dataFolder, folder, 'model.safetensors'), path.join(dataFolder, name));
    put(`${folder}/own.safetensors`, 'weights of this one');
    linkSync(path.join(dataFolder, folder, 'own.safetensors'), path.join(dataFolder, 'weights/def'));
    const snapshotFolders = () => readdirSync(path.join(dataFolder, 'snapshots'));
    expect(snapshotFolders()).toHaveLength(1);

    archiveProject({ ctx: owner, input: { projectId, days: 30 } });
    await deleteArchived({ ctx: job(), input: { projectId } });
    expect(db.select().from(judgments).all().length).toBeGreaterThan(0);
    now += 30 * DAY_MS;
    // killed at each write in turn, it goes on where it was
    let done = false;
    for (let killAt = 2; !done; killAt += 7) {
      let asked = 0;
      const killing = () => {
        asked += 1;
        if (asked === killAt) throw new Error('killed');
        return now;
      };
      done = await deleteArchived({ ctx: { ...job(), now: killing }, input: { projectId } }).then(
        () => true,
        () => false,
      );
    }

    for (const { table } of DELETED_TABLES) {
      if (['prompts', 'memberships', 'guidelines'].includes(table)) continue;
      expect(db.$client.prepare(`select count(*) from "${table}"`).pluck().get(), table).toBe(0);
    }
    expect(
      db
        .select()
        .from(prompts)
        .all()
        .map((row) => row.projectId),
    ).toEqual([other.projectId]);
    expect(
      db
        .select()
        .from(projects)
        .all()
        .find(({ id }) => id === projectId),
    ).toMatchObject({
      ...{ slug: `deleted-${projectId}`, name: '(deleted)', deletedAt: now },
    });
    const countsLeft = db.$client.prepare('select count(*) from counts where project_id = ?').pluck();
    expect(countsLeft.get(projectId)).toBe(0);
    expect(snapshotFolders()).toEqual([]);
    expect(existsSync(path.join(dataFolder, folder))).toBe(false);
    expect(readFileSync(path.join(dataFolder, 'registered/theirs/model.safetensors'), 'utf8')).toBe(
      'weights of both',
    );
    expect(readdirSync(path.join(dataFolder, 'weights'))).toEqual(['abc']);
    expect(statSync(path.join(dataFolder, 'weights/abc')).nlink).toBe(2);
    const { findings } = await verifyDatabase(db, { dataFolder });
    expect(findings).toEqual([]);
    const salts = db.$client.prepare(
      `select count(*) from audit_rows where table_name = 'judgments' and salt is not null`,
    );
    expect(salts.pluck().get()).toBe(0);
    expect(() => getProjectBySlug({ ctx: owner, input: { slug: slug() } })).toThrow('No project');
    expect(() => bringBackProject({ ctx: owner, input: { projectId } })).toThrow();
    expect(() => claimTask({ ctx: annotator, input: { projectId } })).not.toThrow();
    expect(
      db
        .select()
        .from(auditLog)
        .all()
        .map(({ action }) => action),
    ).toContain('projects.delete');
  });

  it('stops between two batches when the worker does, and goes on at its next start', async () => {
    archiveProject({ ctx: owner, input: { projectId, days: 30 } });
    now += 30 * DAY_MS;
    fireDueDeletions(job());
    const workOff = async (stopReason: () => 'shutdown' | null) => {
      const claimed = claimJob(db, { owner: 'w', kinds: ['delete-project'], leaseMs: 60_000, now });
      if (!claimed) throw new Error('no job waits');
      const { signal } = new AbortController();
      await handle({ ...claimed, ctx: job(), backend: null, stopReason, lost: signal });
      return db.select().from(jobs).where(eq(jobs.id, claimed.job.id)).get();
    };
    const left = () => db.select().from(judgments).all().length;
    let asked = 0;
    const before = left();
    expect(
      await workOff(() => {
        asked += 1;
        return asked > 2 ? 'shutdown' : null;
      }),
    ).toMatchObject({ status: 'queued', attempts: 0, maxAttempts: 21 });
    expect([asked, left()]).toEqual([3, before]);
    expect(await workOff(() => null)).toMatchObject({ status: 'done' });
    expect([before > 0, left()]).toEqual([true, 0]);
  });

  it('knows every table that has rows of a project', async () => {
    const modules = Object.values(import.meta.glob('../../db/schema/*.ts')).map((load) => load());
    const tables = (await Promise.all(modules))
      .flatMap((module) => Object.values(module as object))
      .filter((value) => is(value, SQLiteTable));
    const named = tables
      .filter((table) => 'projectId' in getTableColumns(table))
      .map((table) => getTableName(table));
    const known = DELETED_TABLES.map(({ table }) => table);
    // the log stays; erasures too: they say what is gone. Counts follow the rows, and go last
    expect(named.filter((name) => !known.includes(name)).sort()).toEqual(['audit_log', 'counts', 'erasures']);
  });
});
