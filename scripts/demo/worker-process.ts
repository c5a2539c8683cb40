import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import path from 'node:path';

/** Starts the real worker on a data folder; what it says goes into worker.log there. */
export function startWorker(dataFolder: string): ChildProcess {
  const log = openSync(path.join(dataFolder, 'worker.log'), 'a');
  const tsx = path.resolve('node_modules/tsx/dist/cli.mjs');
  return spawn(process.execPath, [tsx, 'server/worker/worker.ts'], {
    stdio: ['ignore', log, log],
    env: { ...process.env, PLUMBLINE_DATA: dataFolder },
  });
}

/** Asks it to stop (a running step ends and writes a checkpoint) and waits until it has. */
export async function stopWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
    worker.kill('SIGTERM');
  });
}
