import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db } from '../../db/client.ts';
import { openDataFolder } from '../data-folder.ts';
import { createCaller } from '../root.ts';
import { jobHandlers } from '../worker/job-handlers.ts';
import { work } from '../worker/work.ts';
import { fireDueBackup } from './fire-due.ts';
import { verifyBackup } from './verify-backup.ts';

let folder: string;
let db: Db;
let now: number;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plumbline-backup-schedule-'));
  vi.stubEnv('PLUMBLINE_BACKUPS', path.join(folder, 'elsewhere'));
  db = openDataFolder(path.join(folder, 'data'));
  now = Date.parse('2026-11-28T12:00:00Z');
});
afterEach(() => {
  db.$client.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const dataFolder = () => path.join(folder, 'data');
const owner = () =>
  createCaller({
    db,
    dataFolder: dataFolder(),
    now: () => now,
    actor: { type: 'user', userId: 'usr_1', isInstanceOwner: true },
  });
const tick = () => fireDueBackup({ db, dataFolder: dataFolder(), now: () => now, actor: { type: 'system' } });

/** The real worker with the real handler, until the last backup has ended. */
async function workUntilEnded() {
  const stop = new AbortController();
  const done = work({
    db,
    dataFolder: dataFolder(),
    backend: null,
    handlers: jobHandlers,
    signal: stop.signal,
    owner: 'test',
    log: pino({ level: 'silent' }),
    pollMs: 10,
  });
  await vi.waitFor(
    async () => expect((await owner().backups.state()).attempts[0]?.status).toMatch(/done|failed/),
    { timeout: 20_000, interval: 50 },
  );
  stop.abort();
  await done;
}

describe('a backup schedule', () => {
  it('fires once when it is due, the worker makes the backup, and the page shows it', async () => {
    await owner().backups.setSchedule({ enabled: true, cron: '0 3 * * *', keep: 2 });
    tick();
    expect(await owner().backups.state()).toMatchObject({
      attempts: [],
      nextAt: Date.parse('2026-11-29T03:00:00Z'),
    });
    // the worker was away for two nights: made up for once
    now = Date.parse('2026-11-30T08:00:00Z');
    tick();
    tick();
    expect((await owner().backups.state()).attempts).toHaveLength(1);
    await workUntilEnded();
    const state = await owner().backups.state();
    expect(state.attempts[0]).toMatchObject({ status: 'done', error: null });
    expect(state.backups).toHaveLength(1);
    expect((await verifyBackup(state.folder)).broken).toBeNull();
  });

  it('says on the page why a backup failed', async () => {
    writeFileSync(path.join(folder, 'elsewhere'), 'a file');
    await owner().backups.ask();
    await workUntilEnded();
    expect((await owner().backups.state()).attempts[0]).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/elsewhere is a file; expected a folder/),
    });
  });

  it('refuses what is no cron expression', async () => {
    await expect(owner().backups.setSchedule({ enabled: true, cron: 'nightly', keep: 2 })).rejects.toThrow(
      /not a cron expression/,
    );
  });
});
