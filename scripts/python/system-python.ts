import { spawnSync } from 'node:child_process';

/** The command of the machine's own Python. @throws Error in one line when there is none */
export function systemPython(): string {
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (!python) throw new Error('Python is missing: install python3 (3.10 to 3.13) with pip');
  return python;
}
