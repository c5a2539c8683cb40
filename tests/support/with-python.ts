import { spawnSync } from 'node:child_process';
import { findPython } from '../../scripts/python/find-python.ts';

let announced = false;

/**
 * The Python that has torch and transformers, or null where there is none; a test skips itself then, after one printed line.
 * With CI=true absence is an error: nothing skips in silence.
 */
export function pythonForTests(): string | null {
  const python = findPython();
  if (python) return python;
  if (process.env.CI === 'true') throw new Error('tests need torch and transformers: run npm run python');
  if (!announced) console.warn('skipped: there is no Python with torch and transformers (npm run python)');
  announced = true;
  return null;
}

/** Runs a script to its end, offline and on two threads. @throws Error with the last lines it wrote when it fails */
export function runPython(python: string, args: string[]): void {
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env;
  const result = spawnSync(python, args, {
    env: { ...env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '2', TRANSFORMERS_VERBOSITY: 'error' },
    encoding: 'utf8',
  });
  if (result.status !== 0)
    throw new Error(
      `python ${args.join(' ')} failed:\n${result.stderr.trim().split('\n').slice(-12).join('\n')}`,
    );
}
