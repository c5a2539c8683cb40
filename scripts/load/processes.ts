import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type ProcessSpec = { name: string; args: string[]; env: Record<string, string> };

/** A node process that can be killed the hard way and started again. Its output is kept for a failing test. */
export class KillableProcess {
  readonly #spec: ProcessSpec;
  #child: ChildProcess | null = null;
  output = '';

  constructor(spec: ProcessSpec) {
    this.#spec = spec;
  }

  start(): void {
    // a group of its own, so that kill reaches whatever it started
    const child = spawn(
      process.execPath,
      ['--import', './scripts/exit-with-parent.mjs', ...this.#spec.args],
      {
        env: { ...process.env, ...this.#spec.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      },
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output = `${this.output}${chunk}`.slice(-20_000);
      });
    }
    this.#child = child;
  }

  /** kill -9, at once, whatever it is doing. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }
}

/** A port that nothing listens on at the moment. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** Waits until something answers at the address, with any status. */
export async function waitForHttp(url: string, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return;
    if (Date.now() > end) throw new Error(`nothing answers at ${url} after ${timeoutMs} ms`);
    await sleep(100);
  }
}
