import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDiskSpace } from '../check-disk-space.ts';
import { systemPython } from '../python/system-python.ts';

export const TENSORFLOW_VERSION = '2.21.0';
/** Wheel and what is taken out of it, in MB; the CUDA wheel brings NVIDIA's libraries along. */
const NEEDED_MB = { 'tensorflow-cpu': 1500, tensorflow: 7000 };
const TRIES = 4;

/** Takes two libraries and the headers out of the wheel: a tenth of its files, without TensorFlow's Python. */
const UNPACK = `
import sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    names = [n for n in z.namelist() if n.startswith('tensorflow/include/')
             or n in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')]
    if len(names) < 3: sys.exit('no libtensorflow_cc.so.2 in ' + wheel)
    z.extractall(target, names)
`;
/** Installs what the wheel asks for under its and-cuda extra, and nothing else. */
const NVIDIA = `
import re, subprocess, sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    text = z.read(next(n for n in z.namelist() if n.endswith('.dist-info/METADATA'))).decode()
wanted = [m[1].strip() for m in re.finditer(r'^Requires-Dist: ([^;]+);.*extra == .and-cuda.', text, re.M)]
sys.exit(subprocess.call([sys.executable, '-m', 'pip', 'install', '--no-deps', '--target', target, *wanted]))
`;

export type Wheel = {
  /** holds libtensorflow_cc.so.2, libtensorflow_framework.so.2 and include */
  folder: string;
  /** folders of NVIDIA's libraries; empty without CUDA */
  libraryFolders: string[];
};

/** Where a wheel of this kind is unpacked. */
export function wheelFolder(cache: string, cuda: boolean): string {
  return join(cache, 'native', `${cuda ? 'tensorflow' : 'tensorflow-cpu'}-${TENSORFLOW_VERSION}`);
}

/**
 * Downloads the TensorFlow wheel through pip (which knows the machine's index and proxies) and unpacks it. What is done
 * already is not done again.
 * @throws Error in one line when Python, pip, the network or disk space is missing
 */
export function prepareWheel({ cache, cuda }: { cache: string; cuda: boolean }): Wheel {
  const root = wheelFolder(cache, cuda);
  const complete = join(root, 'complete');
  if (!existsSync(complete)) {
    mkdirSync(root, { recursive: true });
    checkDiskSpace(root, NEEDED_MB[cuda ? 'tensorflow' : 'tensorflow-cpu']);
    const python = systemPython();
    const wheel = downloadWheel(python, { root, name: cuda ? 'tensorflow' : 'tensorflow-cpu' });
    const partial = join(root, 'partial');
    rmSync(partial, { recursive: true, force: true });
    run(python, ['-c', UNPACK, wheel, partial], 'the wheel could not be unpacked');
    if (cuda)
      run(
        python,
        ['-c', NVIDIA, wheel, join(partial, 'nvidia')],
        "NVIDIA's libraries could not be installed",
      );
    for (const name of readdirSync(partial)) {
      rmSync(join(root, name), { recursive: true, force: true });
      renameSync(join(partial, name), join(root, name));
    }
    rmSync(partial, { recursive: true });
    writeFileSync(complete, `${TENSORFLOW_VERSION}\n`);
    rmSync(join(root, 'wheel'), { recursive: true });
  }
  const nvidia = join(root, 'nvidia', 'nvidia');
  const libraryFolders = existsSync(nvidia)
    ? readdirSync(nvidia)
        .map((name) => join(nvidia, name, 'lib'))
        .filter((folder) => existsSync(folder))
    : [];
  return { folder: join(root, 'tensorflow'), libraryFolders };
}

/**
 * pip goes on where a broken connection left off (from version 25.1 by itself; before, the retry begins the file anew), and a
 * file that is there is checked against the index's hash and kept.
 */
function downloadWheel(python: string, { root, name }: { root: string; name: string }): string {
  const folder = join(root, 'wheel');
  mkdirSync(folder, { recursive: true });
  const version = spawnSync(python, ['-m', 'pip', '--version'], { encoding: 'utf8' });
  if (version.status !== 0) throw new Error(`${python} has no pip: install python3-pip`);
  const [major = 0, minor = 0] = (/^pip (\d+)\.(\d+)/.exec(version.stdout) ?? []).slice(1).map(Number);
  const resume = major > 25 || (major === 25 && minor >= 1) ? ['--resume-retries', '8'] : [];
  const requirement = `${name}==${TENSORFLOW_VERSION}`;
  const args = ['-m', 'pip', 'download', '--no-deps', '--timeout', '60', '--dest', folder];
  console.log(`downloading ${requirement} through pip`);
  let last = '';
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const result = spawnSync(python, [...args, ...resume, requirement], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const wheel = readdirSync(folder).find((file) => file.endsWith('.whl'));
    if (result.status === 0 && wheel) return join(folder, wheel);
    last =
      result.stderr
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('ERROR')) ?? result.stderr;
    // no wheel for this Python or platform: trying again cannot help
    if (/No matching distribution|No space left/.test(result.stderr)) break;
    console.log(`download failed, try ${attempt} of ${TRIES}`);
  }
  throw new Error(
    `pip could not download ${requirement} (wheels exist for Python 3.10 to 3.13): ${last.trim()}`,
  );
}

function run(command: string, args: string[], problem: string): void {
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (result.status === 0) return;
  throw new Error(`${problem}: ${(result.stderr ?? '').trim().split('\n').at(-1)}`);
}
