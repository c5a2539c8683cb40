import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { supervise } from './supervise.ts';

let folder: string;
let supervisor: ReturnType<typeof supervise> | undefined;
const lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plumbline-supervise-'));
  lines.length = 0;
});
afterEach(async () => {
  await supervisor?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A service that writes its pid, then lives until SIGTERM; `onTerm` is what it does then. */
function service(name: string, onTerm = 'process.exit(0)', graceMs = 10_000) {
  const script = path.join(folder, `${name}.mjs`);
  const pids = path.join(folder, `${name}.pids`);
  writeFileSync(pids, '');
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs';
     process.on('SIGTERM', () => { ${onTerm} });
     setInterval(() => {}, 1000);
     appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n');`,
  );
  const readPids = () => readFileSync(pids, 'utf8').trim().split('\n').filter(Boolean).map(Number);
  return { name, args: [script], env: {}, graceMs, readPids };
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${condition}`);
    await sleep(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('supervise', () => {
  it('starts a killed service again and leaves the other one alone', async () => {
    const web = service('web');
    const worker = service('worker');
    supervisor = supervise([web, worker], (line) => lines.push(line));
    await until(() => web.readPids().length === 1 && worker.readPids().length === 1);
    const [first] = worker.readPids();
    process.kill(first ?? 0, 'SIGKILL');
    await until(() => worker.readPids().length === 2);
    expect(web.readPids()).toHaveLength(1);
    expect(lines).toEqual(['worker ended (SIGKILL); starting it again in 0.5 s']);
  });

  it('ends and starts again a service that has fallen silent, and leaves one alone that beats', async () => {
    const mute = service('mute');
    const lively = service('lively');
    let isBeating = true;
    const heartbeat = (last: () => number) => ({ last, silentMs: 400, startMs: 60_000 });
    const lastOfMute = Date.now() + 50;
    supervisor = supervise(
      [
        { ...mute, heartbeat: heartbeat(() => (isBeating ? Date.now() : lastOfMute)) },
        { ...lively, heartbeat: heartbeat(() => Date.now()) },
      ],
      (line) => lines.push(line),
    );
    await until(() => mute.readPids().length === 1 && lively.readPids().length === 1);
    await sleep(800);
    expect(lines).toEqual([]);
    const [first] = mute.readPids();
    // stopped as by a debugger or a hung disk: it does not hear SIGTERM
    process.kill(first ?? 0, 'SIGSTOP');
    isBeating = false;
    await until(() => mute.readPids().length === 2);
    isBeating = true;
    expect(lines[0]).toMatch(/^mute has been silent for \d+ s; it is ended$/);
    expect(lines[1]).toBe('mute ended (SIGKILL); starting it again in 0.5 s');
    expect(isAlive(first ?? 0)).toBe(false);
    expect(lively.readPids()).toHaveLength(1);
  });

  it('waits longer each time a service dies at once', async () => {
    const broken = service('broken');
    writeFileSync(broken.args[0] ?? '', 'process.exit(3)');
    supervisor = supervise([broken], (line) => lines.push(line));
    await until(() => lines.length === 3);
    expect(lines).toEqual([0.5, 1, 2].map((s) => `broken ended (code 3); starting it again in ${s} s`));
  });

  it('stops all, kills the one that does not listen, and starts nothing again', async () => {
    const good = service('good');
    const deaf = service('deaf', '', 300);
    supervisor = supervise([good, deaf], (line) => lines.push(line));
    await until(() => good.readPids().length === 1 && deaf.readPids().length === 1);
    await supervisor.stop();
    expect([...good.readPids(), ...deaf.readPids()].filter(isAlive)).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('does not wait when asked a second time', async () => {
    const slow = service('slow', '', 60_000);
    supervisor = supervise([slow], (line) => lines.push(line));
    await until(() => slow.readPids().length === 1);
    const first = supervisor.stop();
    await Promise.all([first, supervisor.stop()]);
    expect(slow.readPids().filter(isAlive)).toEqual([]);
  });

  it('takes its services with it when it is killed itself', async () => {
    const orphan = service('orphan');
    const parent = path.join(folder, 'parent.mjs');
    const module = path.resolve('scripts/supervise.ts');
    writeFileSync(
      parent,
      `import { supervise } from ${JSON.stringify(module)};
       supervise([${JSON.stringify({ ...orphan, readPids: undefined })}], console.log);`,
    );
    const running = spawn(process.execPath, ['--import', 'tsx', parent], { stdio: 'ignore' });
    await until(() => orphan.readPids().length === 1);
    running.kill('SIGKILL');
    await until(() => !orphan.readPids().some(isAlive));
  });
});
