import { type ChildProcess, spawn } from 'node:child_process';

export type Service = {
  name: string;
  /** arguments of node */
  args: string[];
  env: Record<string, string | undefined>;
  /** how long it may take to end after SIGTERM before it is killed */
  graceMs: number;
  /** how it shows that it lives; without, only its end is noticed */
  heartbeat?: Heartbeat;
};

export type Heartbeat = {
  /** UTC ms of the last beat, null when there was none */
  last: () => number | null;
  /** silent for longer, it is killed and started again */
  silentMs: number;
  /** until the first beat after a start: a large database may be migrated first */
  startMs: number;
};

const STABLE_MS = 60_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * Keeps services running: one that dies, or falls silent, is started again, at once the first time and then less and less often,
 * until it has lived a minute. `stop` ends all and resolves when they are gone; called again, it does not wait for them to finish.
 */
export function supervise(
  services: Service[],
  report: (line: string) => void,
): { stop: () => Promise<void> } {
  let isStopping = false;
  const running = services.map((service) => keepRunning(service, { report, isStopping: () => isStopping }));
  return {
    async stop() {
      const isSecond = isStopping;
      isStopping = true;
      await Promise.all(running.map((one) => one.stop(isSecond)));
    },
  };
}

function keepRunning(
  { name, args, env, graceMs, heartbeat }: Service,
  { report, isStopping }: { report: (line: string) => void; isStopping: () => boolean },
) {
  let child: ChildProcess | null = null;
  let delayMs = FIRST_DELAY_MS;
  let timer: NodeJS.Timeout | undefined;
  let whenGone: () => void = () => {};

  const start = () => {
    const startedAt = Date.now();
    // a group of its own: Ctrl-C reaches the supervisor alone, which then asks each service once
    const started = spawn(process.execPath, ['--import', './scripts/exit-with-parent.mjs', ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
      detached: true,
    });
    child = started;
    const watch = heartbeat && watchBeats(started, heartbeat, startedAt, (line) => report(`${name} ${line}`));
    started.once('exit', (code, signal) => {
      child = null;
      clearInterval(watch);
      if (isStopping()) return whenGone();
      if (Date.now() - startedAt > STABLE_MS) delayMs = FIRST_DELAY_MS;
      report(`${name} ended (${signal ?? `code ${code}`}); starting it again in ${delayMs / 1000} s`);
      timer = setTimeout(start, delayMs);
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    });
    started.once('error', (error) => report(`${name} cannot be started: ${error.message}`));
  };

  start();
  return {
    async stop(isSecond: boolean) {
      clearTimeout(timer);
      const asked = child;
      if (asked === null) return;
      const gone = new Promise<void>((resolve) => {
        const earlier = whenGone;
        whenGone = () => {
          earlier();
          resolve();
        };
      });
      asked.kill(isSecond ? 'SIGKILL' : 'SIGTERM');
      const killer = setTimeout(() => asked.kill('SIGKILL'), graceMs);
      await gone;
      clearTimeout(killer);
    },
  };
}

/** Kills a child that has fallen silent; it does not listen any more, so it is not asked. */
function watchBeats(
  child: ChildProcess,
  { last, silentMs, startMs }: Heartbeat,
  startedAt: number,
  report: (line: string) => void,
): NodeJS.Timeout {
  return setInterval(
    () => {
      const beat = last() ?? 0;
      const isFresh = beat >= startedAt ? Date.now() - beat < silentMs : Date.now() - startedAt < startMs;
      if (isFresh) return;
      report(
        `has been silent for ${Math.round((Date.now() - Math.max(beat, startedAt)) / 1000)} s; it is ended`,
      );
      child.kill('SIGKILL');
    },
    Math.max(50, Math.min(5000, silentMs / 4)),
  );
}
