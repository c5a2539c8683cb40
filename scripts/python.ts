/**
 * `npm run python`: an environment with torch, transformers and PEFT, for tests and benchmarks that hold Plumbline beside
 * them. Nothing that Plumbline does needs it. It lies in the cache folder (PLUMBLINE_CACHE, otherwise ~/.cache/plumbline);
 * pip's own settings (index, proxies, a CPU build of torch) apply. What is installed already is not installed again.
 * Options: --peers adds TRL, --remove takes the environment away.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkDiskSpace } from './check-disk-space.ts';
import { INSTALLED_FILE, pythonFolder, pythonOf } from './python/find-python.ts';
import { systemPython } from './python/system-python.ts';

/** torch without CUDA and the others; a CUDA build of torch takes four times as much. */
const NEEDED_MB = 2500;
const TRIES = 3;
const VERSIONS = `
import importlib.metadata as metadata, sys
import torch, transformers, peft, safetensors, gguf
print(', '.join(f'{name} {metadata.version(name)}' for name in sys.argv[1:]))
`;

const { values } = parseArgs({
  options: { peers: { type: 'boolean', default: false }, remove: { type: 'boolean', default: false } },
});

try {
  if (values.remove) {
    rmSync(pythonFolder(), { recursive: true, force: true });
    console.log('python: removed');
  } else {
    install(values.peers);
  }
} catch (error) {
  console.error(`python: ${(error as Error).message}`);
  process.exitCode = 1;
}

function install(peers: boolean): void {
  const folder = pythonFolder();
  const python = pythonOf(folder);
  const marker = join(folder, INSTALLED_FILE);
  const installed = existsSync(marker) ? readFileSync(marker, 'utf8') : '';
  const files = ['requirements.txt', ...(peers ? ['requirements-peers.txt'] : [])];
  const requirements = files
    .flatMap((file) =>
      readFileSync(fileURLToPath(new URL(`python/${file}`, import.meta.url)), 'utf8').split('\n'),
    )
    .filter((line) => line !== '');
  const known = new Set(installed.split('\n'));
  const wanted = requirements.filter((line) => !known.has(line));
  if (wanted.length > 0) {
    mkdirSync(folder, { recursive: true });
    checkDiskSpace(folder, NEEDED_MB);
    makeEnvironment(folder);
    pipInstall(python, requirements);
    writeFileSync(marker, `${[...new Set([...known, ...requirements])].filter(Boolean).join('\n')}\n`);
  }
  const names = requirements.map((line) => line.split('==')[0] as string);
  const test = spawnSync(python, ['-c', VERSIONS, ...names], { encoding: 'utf8' });
  if (test.status !== 0) {
    // the next run begins anew
    rmSync(marker, { force: true });
    throw new Error(`the packages do not load: ${lastLine(test.stderr)}`);
  }
  console.log(`python: ok, ${test.stdout.trim()}`);
}

function makeEnvironment(folder: string): void {
  if (existsSync(pythonOf(folder)) && spawnSync(pythonOf(folder), ['-m', 'pip', '--version']).status === 0)
    return;
  const result = spawnSync(systemPython(), ['-m', 'venv', '--clear', folder], { encoding: 'utf8' });
  if (result.status === 0) return;
  const reason = /ensurepip/.test(result.stdout + result.stderr)
    ? 'venv is missing: install it (Debian: apt install python3-venv)'
    : lastLine(result.stderr || result.stdout);
  throw new Error(`no environment could be made in ${folder}: ${reason}`);
}

function pipInstall(python: string, requirements: readonly string[]): void {
  console.log(`installing ${requirements.join(' ')} through pip`);
  let last = '';
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const result = spawnSync(python, ['-m', 'pip', 'install', '--timeout', '60', ...requirements], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (result.status === 0) return;
    last =
      result.stderr
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('ERROR')) ?? result.stderr;
    // no such version for this Python or platform: trying again cannot help
    if (/No matching distribution|No space left|ResolutionImpossible/.test(result.stderr)) break;
    console.log(`installation failed, try ${attempt} of ${TRIES}`);
  }
  throw new Error(`pip could not install ${requirements.join(' ')}: ${lastLine(last)}`);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
