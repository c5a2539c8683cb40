import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { systemPython } from '../python/system-python.ts';

/** The first pip that goes on with a broken download by a range request (its news of 25.1, --resume-retries). */
const RESUMES_FROM = [25, 1] as const;
const RESUME = ['--resume-retries', '8'];

export type Pip = {
  /** path of the Python that it runs in */
  python: string;
  env: NodeJS.ProcessEnv;
  /** options of `pip download` and `pip install` by which a broken connection does not begin a file anew; empty for an old pip */
  resume: string[];
};

/** @throws Error in one line when there is no Python, or one without pip */
export function findPip(): Pip {
  const python = systemPython();
  return describePip(python, process.env) ?? fail(`${python} has no pip: install python3-pip`);
}

/**
 * The machine's pip where it can resume, otherwise a newer one, kept below the cache, which changes nothing outside of it.
 * The old one when the newer cannot be had: then a broken download begins anew.
 */
export function findResumingPip(root: string): Pip {
  const own = findPip();
  if (own.resume.length > 0) return own;
  const target = join(root, 'pip');
  const env = { ...process.env, PYTHONPATH: target };
  const kept = describePip(own.python, env);
  if (kept && kept.resume.length > 0) return kept;
  const newer = `pip>=${RESUMES_FROM.join('.')}`;
  const options = ['--quiet', '--no-deps', '--upgrade', '--disable-pip-version-check', '--target', target];
  spawnSync(own.python, ['-m', 'pip', 'install', ...options, newer], { stdio: 'ignore' });
  const fetched = describePip(own.python, env);
  return fetched && fetched.resume.length > 0 ? fetched : own;
}

function describePip(python: string, env: NodeJS.ProcessEnv): Pip | null {
  const version = spawnSync(python, ['-m', 'pip', '--version'], { env, encoding: 'utf8' });
  if (version.status !== 0) return null;
  const [major = 0, minor = 0] = (/^pip (\d+)\.(\d+)/.exec(version.stdout) ?? []).slice(1).map(Number);
  const resumes = major > RESUMES_FROM[0] || (major === RESUMES_FROM[0] && minor >= RESUMES_FROM[1]);
  return { python, env, resume: resumes ? RESUME : [] };
}

function fail(message: string): never {
  throw new Error(message);
}
