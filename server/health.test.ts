import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdLock } from '../tests/support/hold-lock.ts';
import { databaseFile, openDataFolder } from './data-folder.ts';
import { readHealth } from './health.ts';
import { startHeartbeat } from './worker/heartbeat.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plumbline-health-'));
  openDataFolder(folder).$client.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const beatOnce = () => startHeartbeat(folder, () => {})();

describe('readHealth', () => {
  it('finds nothing wrong where a worker beats and there is room', async () => {
    beatOnce();
    const health = await readHealth(folder);
    expect(health).toMatchObject({ ok: true, database: { ok: true, writeLock: 'free' }, disk: { ok: true } });
    expect(health.worker.heartbeatAgeMs).toBeLessThan(5000);
    expect(health.disk.freeBytes).toBeGreaterThan(0);
  });

  it('tells a worker that never started from one that fell silent, and blames nothing else', async () => {
    expect(await readHealth(folder)).toMatchObject({
      ok: false,
      worker: { ok: false, heartbeatAgeMs: null },
      database: { ok: true },
    });
    const other = mkdtempSync(path.join(tmpdir(), 'plumbline-health-'));
    openDataFolder(other).$client.close();
    startHeartbeat(other, () => {})();
    const past = new Date(Date.now() - 45_000);
    utimesSync(path.join(other, 'worker.heartbeat'), past, past);
    const silent = await readHealth(other);
    rmSync(other, { recursive: true });
    expect(silent.worker.problem).toBe('The worker has been silent for 45 s.');
    expect(silent.database.ok).toBe(true);
  });

  it('answers within a second while another process writes, and counts that as no fault', async () => {
    beatOnce();
    const { released } = await holdLock(databaseFile(folder), 1500);
    const start = performance.now();
    const health = await readHealth(folder);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(health).toMatchObject({ ok: true, database: { ok: true, writeLock: 'taken' } });
    await released;
  });

  it('answers within a second when even reading is shut out, and says so', async () => {
    beatOnce();
    const { released } = await holdLock(databaseFile(folder), 1500, 'exclusive');
    const start = performance.now();
    const health = await readHealth(folder);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(health.ok).toBe(false);
    expect(health.database.problem).toMatch(/written by another process/);
    expect(health.worker.ok).toBe(true);
    await released;
  });

  it('says that a database is damaged', async () => {
    writeFileSync(databaseFile(folder), Buffer.alloc(8192, 'x'));
    const health = await readHealth(folder);
    expect(health.database).toMatchObject({ ok: false });
    expect(health.database.problem).toMatch(/damaged/);
  });
});
