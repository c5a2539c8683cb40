/** `npm run train` as a child process that is watched by what it writes, and killed. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { latestCheckpoint } from '../../trainer/checkpoint.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

export type MetricsLine = { type: 'step' | 'eval'; step: number; metrics: Record<string, number> };

export type CliRun = {
  /** lines of metrics.jsonl since the recipe said its plan; null before */
  newLines: () => MetricsLine[] | null;
  isWritingCheckpoint: () => boolean;
  /** the exit code, or null while it runs */
  exitCode: () => number | null;
  kill: () => Promise<void>;
  /** waits until it ends by itself. Throws with what it said unless the code is 0 */
  done: () => Promise<void>;
};

/** The backend is left to the arguments and the checkpoint: PLUMBLINE_BACKEND is taken away. */
export function startCli(args: readonly string[], outFolder: string): CliRun {
  const { PLUMBLINE_BACKEND: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'trainer/cli.ts', 'train', ...args], {
    cwd: REPOSITORY,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  // the file is cut back to the checkpoint before the plan is told
  const from = latestCheckpoint(outFolder)?.step ?? 0;
  const numKept = from === 0 ? 0 : readMetrics(outFolder).filter(({ step }) => step <= from).length;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const temporaryBefore = new Set(temporaryFolders(outFolder));
  return {
    newLines: () =>
      / steps, .* parameters, backend /.test(said) ? readMetrics(outFolder).slice(numKept) : null,
    isWritingCheckpoint: () => temporaryFolders(outFolder).some((name) => !temporaryBefore.has(name)),
    exitCode: () => child.exitCode,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async done() {
      await exited;
      if (child.exitCode !== 0)
        throw new Error(`train ${args.join(' ')} ended with ${child.exitCode}: ${said}`);
    },
  };
}

/** Whole lines of a run's metrics.jsonl. */
export function readMetrics(outFolder: string): MetricsLine[] {
  const path = join(outFolder, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as MetricsLine);
}

/** Polls every millisecond until the condition holds or the process has ended. */
export async function waitUntil(run: CliRun, condition: () => boolean): Promise<void> {
  while (run.exitCode() === null && !condition()) await sleep(1);
}

function temporaryFolders(outFolder: string): string[] {
  return existsSync(outFolder) ? readdirSync(outFolder).filter((name) => name.includes('.tmp-')) : [];
}
