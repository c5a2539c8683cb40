import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SLUG } from './make-database.ts';

type Run = { stdout: string; seconds: number; peakMb: number };

/** `npm run export` of everything in the raw format: rows, seconds, and memory above that of the command which does nothing. */
export async function measureExport(
  dataFolder: string,
): Promise<{ rows: number; seconds: number; rssMb: number }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-load-export-'));
  try {
    const idle = await run(['--help'], 2);
    const out = path.join(folder, 'out');
    const asked = ['--project', SLUG, '--format', 'raw', '--out', out, '--data', dataFolder, '--json'];
    const { stdout, seconds, peakMb } = await run(asked, 0);
    const { rows = 0 } = JSON.parse(stdout) as { rows?: number };
    return { rows, seconds: Math.round(seconds * 10) / 10, rssMb: Math.round(peakMb - idle.peakMb) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args: string[], status: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, ['--import', 'tsx', 'server/cli/export.ts', ...args]);
    let [stdout, stderr, peakMb] = ['', '', 0];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk}`.slice(-2000);
    });
    const look = setInterval(() => {
      peakMb = Math.max(peakMb, peakOf(child.pid ?? 0));
    }, 50);
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(look);
      if (code === status) resolve({ stdout, seconds: (performance.now() - start) / 1000, peakMb });
      else reject(new Error(`npm run export ${args.join(' ')} ended with ${code}: ${stderr}`));
    });
  });
}

/** Largest resident memory of a process so far, MB; 0 where there is no /proc, or no such process any more. */
export function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
