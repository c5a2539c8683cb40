/**
 * A copy of the repository that `npm run native` may change: its own @tensorflow/tfjs-node-gpu without library and addon, all
 * other packages by reference. What the tests of the native backend run on stays untouched.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SCOPE = join('node_modules', '@tensorflow');
const PACKAGE = join(SCOPE, 'tfjs-node-gpu');

export type Outcome = { code: number; lines: string[]; stdout: string; seconds: number };

export type NativeCopy = {
  folder: string;
  /** the copied package */
  packageFolder: string;
  /** runs `npm run native` there with nothing on the path but the tools given by name: a file to run, or a shell script's text */
  run: (options: {
    args?: string[];
    tools?: Record<string, string>;
    env?: Record<string, string>;
  }) => Promise<Outcome>;
  remove: () => void;
};

export function copyForNative(): NativeCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plumbline-native-')));
  for (const part of ['package.json', 'tsconfig.json', 'scripts', 'trainer', 'lib'])
    cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true });
  mkdirSync(join(folder, SCOPE), { recursive: true });
  for (const part of ['node_modules', SCOPE]) {
    for (const entry of readdirSync(join(REPOSITORY, part))) {
      const isCopied = ['@tensorflow', 'tfjs-node-gpu'].includes(entry) || entry.startsWith('.');
      if (!isCopied) symlinkSync(join(REPOSITORY, part, entry), join(folder, part, entry));
    }
  }
  const packageFolder = join(folder, PACKAGE);
  const isMade = (source: string) => ['deps', 'lib', 'build'].includes(basename(source));
  cpSync(join(REPOSITORY, PACKAGE), packageFolder, {
    recursive: true,
    filter: (source) => !isMade(source),
  });

  let numRuns = 0;
  const run: NativeCopy['run'] = ({ args = [], tools = {}, env = {} }) => {
    const bin = join(folder, `bin-${numRuns++}`);
    mkdirSync(bin);
    for (const [name, tool] of Object.entries(tools)) {
      writeFileSync(
        join(bin, name),
        tool.startsWith('/') ? `#!/bin/sh\nexec '${tool}' "$@"\n` : `#!/bin/sh\n${tool}\n`,
      );
      chmodSync(join(bin, name), 0o755);
    }
    const start = performance.now();
    const command = ['--import', 'tsx', 'scripts/native.ts', ...args];
    return new Promise((resolve) => {
      const bare = { HOME: folder, PATH: bin, NODE_ENV: process.env.NODE_ENV, ...env };
      const options = { cwd: folder, env: bare, timeout: 120_000, encoding: 'utf8' } as const;
      execFile(process.execPath, command, options, (error, stdout, stderr) => {
        const code = error ? Number(error.code ?? -1) : 0;
        const lines = stderr.split('\n').filter((line) => line !== '');
        resolve({ code, lines, stdout, seconds: (performance.now() - start) / 1000 });
      });
    });
  };
  return { folder, packageFolder, run, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
