/** `npm start` as people and services start it: told to end, it ends pages and worker too, however it is told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ensureBuild } from '../../scripts/ensure-build.ts';
import { findFreePort } from '../../scripts/load/processes.ts';
import type { Health } from '../../server/health.ts';

const MINUTE = 60_000;
beforeAll(() => ensureBuild(), 15 * MINUTE);

const started: { folder: string; npm: ChildProcess }[] = [];
afterEach(() => {
  for (const { folder, npm } of started.splice(0)) {
    for (const pid of processesOf(folder)) process.kill(pid, 'SIGKILL');
    npm.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Starts npm on an empty data folder and waits until all of it is well. */
async function start(more: string[] = []) {
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-npm-start-'));
  const port = await findFreePort();
  const npm = spawn('npm', ['start', '--', '--port', String(port), ...more], {
    env: {
      ...process.env,
      PLUMBLINE_DATA: path.join(folder, 'data'),
      PLUMBLINE_BACKEND: 'simd',
      NEXTAUTH_URL: '',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push({ folder, npm });
  let output = '';
  npm.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await vi.waitFor(() => expect(output).toContain('/setup/'), { timeout: 2 * MINUTE, interval: 200 });
  const health = (await (await fetch(`http://127.0.0.1:${port}/api/health`)).json()) as Health;
  return { folder, npm, port, health, said: () => output };
}

/** Processes whose environment names this folder: npm, its shell, the supervisor, pages, worker. */
function processesOf(folder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const isOurs = /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'utf8').includes(folder);
      return isOurs ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

const isLinux = process.platform === 'linux';

it.runIf(isLinux)(
  'ends with everything it started when npm is sent SIGTERM; the link was the last thing it said',
  async () => {
    const { folder, npm, health, said } = await start();
    expect(health).toMatchObject({ ok: true, worker: { ok: true }, database: { ok: true } });
    expect(said().trim().split('\n').at(-1)).toMatch(/works once.*\/setup\/\S+$/);
    expect(said()).not.toContain('{"level"');
    const data = path.join(folder, 'data');
    expect(readFileSync(path.join(data, 'logs', 'worker.log'), 'utf8')).toContain('worker ready');
    for (const name of ['', 'plumbline.db', 'logs', 'logs/worker.log'])
      expect(statSync(path.join(data, name)).mode & 0o077).toBe(0);
    expect(processesOf(folder).length).toBeGreaterThanOrEqual(4);
    npm.kill('SIGTERM');
    await once(npm, 'exit');
    await vi.waitFor(() => expect(processesOf(folder)).toEqual([]), { timeout: 30_000, interval: 200 });
  },
  4 * MINUTE,
);

it.runIf(isLinux)(
  'ends with everything when npm is killed without a word',
  async () => {
    const { folder, npm, said } = await start(['--log-json']);
    expect(said()).toContain('worker ready');
    npm.kill('SIGKILL');
    await vi.waitFor(() => expect(processesOf(folder)).toEqual([]), { timeout: 90_000, interval: 500 });
  },
  4 * MINUTE,
);
