import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Db } from '../../../db/client.ts';
import { jobs } from '../../../db/schema/jobs.ts';
import { seedProject } from '../../../db/testing.ts';
import type { Ctx } from '../../context.ts';
import { databaseFile, openDataFolder } from '../../data-folder.ts';
import { claimJob } from '../../jobs/queue.ts';
import { createCaller } from '../../root.ts';
import { handle } from './verify.ts';

let [folder, db]: [string, Db] = ['', null as never];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'check-'));
  db = openDataFolder(folder);
});
afterEach(() => {
  db.$client.close();
  rmSync(folder, { recursive: true });
});

async function workOff(stopReason: () => 'shutdown' | null = () => null) {
  const claimed = claimJob(db, { owner: 'w', kinds: ['verify'], leaseMs: 60_000, now: Date.now() });
  if (!claimed) throw new Error('no job waits');
  const ctx: Ctx = { db, dataFolder: folder, actor: { type: 'job', jobId: claimed.job.id }, now: Date.now };
  await handle({ ...claimed, ctx, backend: null, stopReason, lost: new AbortController().signal });
}

it('checks in the worker, once for all who ask, and tells an auditor every finding', async () => {
  const { projectId, userIds } = db.transaction(() => seedProject(db));
  const actor = { type: 'user', userId: userIds.auditor, isInstanceOwner: false } as const;
  const auditor = createCaller({ db, dataFolder: folder, actor, now: Date.now });
  expect(await auditor.audit.check({ projectId })).toBeNull();
  expect(await auditor.audit.verify({ projectId })).toEqual({ isNew: true });
  expect(await auditor.audit.verify({ projectId })).toEqual({ isNew: false });
  expect(await auditor.audit.check({ projectId })).toMatchObject({ isOpen: true, report: null });
  await workOff(() => 'shutdown');
  expect(await auditor.audit.check({ projectId })).toMatchObject({ isOpen: true, error: null });
  await workOff();
  const intact = await auditor.audit.check({ projectId });
  expect(intact).toMatchObject({ isOpen: false, share: 1, report: { findings: [], counts: {} } });
  expect(intact?.report?.records).toBeGreaterThan(0);

  const shell = new Database(databaseFile(folder));
  shell.exec(`update memberships set role = 'owner' where user_id = '${userIds.auditor}'`);
  shell.exec(`update users set name = 'somebody else'`);
  shell.close();
  await auditor.audit.verify({ projectId });
  await workOff();
  const broken = await auditor.audit.check({ projectId });
  expect(broken?.report?.counts).toEqual({ 'row-changed': 5 });
  expect(broken?.report?.findings.map(({ where }) => where)).toContain(
    `memberships ${projectId} ${userIds.auditor}`,
  );
});

it('killed on the way it has come no further: its attempts run out', async () => {
  const { projectId, userIds } = db.transaction(() => seedProject(db));
  const actor = { type: 'user', userId: userIds.auditor, isInstanceOwner: false } as const;
  const auditor = createCaller({ db, dataFolder: folder, actor, now: Date.now });
  await auditor.audit.verify({ projectId });
  let times = 0;
  const killed = () => {
    times += 1;
    if (times > 2) throw new Error('killed');
    return null;
  };
  await expect(workOff(killed)).rejects.toThrow('killed');
  expect(await auditor.audit.check({ projectId })).toMatchObject({
    isOpen: true,
    share: expect.closeTo(0, 0),
  });
  expect(db.select().from(jobs).get()).toMatchObject({
    ...{ attempts: 1, maxAttempts: 3, progress: expect.objectContaining({ report: null }) },
  });
});
