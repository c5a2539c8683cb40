import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDiskSpace } from '../check-disk-space.ts';
import { makeFolder } from '../make-folder.ts';
import { findResumingPip, type Pip } from './pip.ts';

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
wheel, target, *options = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    text = z.read(next(n for n in z.namelist() if n.endswith('.dist-info/METADATA'))).decode()
wanted = [m[1].strip() for m in re.finditer(r'^Requires-Dist: ([^;]+);.*extra == .and-cuda.', text, re.M)]
sys.exit(subprocess.call([sys.executable, '-m', 'pip', 'install', '--no-deps', *options, '--target', target, *wanted]))
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
  const name = cuda ? 'tensorflow' : 'tensorflow-cpu';
  const root = wheelFolder(cache, cuda);
  const complete = join(root, 'complete');
  if (!existsSync(complete)) {
    makeFolder(root);
    checkDiskSpace(root, NEEDED_MB[name]);
    const pip = findResumingPip(join(cache, 'native'));
    const wheel = downloadWheel(pip, { root, name });
    const partial = join(root, 'partial');
    rmSync(partial, { recursive: true, force: true });
    run(pip, ['-c', UNPACK, wheel, partial], 'the wheel could not be unpacked');
    if (cuda)
      run(
        pip,
        ['-c', NVIDIA, wheel, join(partial, 'nvidia'), ...pip.resume],
        "NVIDIA's libraries could not be installed",
      );
    for (const entry of readdirSync(partial)) {
      rmSync(join(root, entry), { recursive: true, force: true });
      renameSync(join(partial, entry), join(root, entry));
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

/** A file that is there is checked against the index's hash and kept; a broken connection goes on where it broke. */
export function downloadWheel(pip: Pip, { root, name }: { root: string; name: string }): string {
  const folder = join(root, 'wheel');
  makeFolder(folder);
  const requirement = `${name}==${TENSORFLOW_VERSION}`;
  const args = ['-m', 'pip', 'download', '--no-deps', '--timeout', '60', '--dest', folder];
  console.log(`downloading ${requirement} through pip`);
  let last = '';
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const result = spawnSync(pip.python, [...args, ...pip.resume, requirement], {
      env: pip.env,
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

function run({ python, env }: Pip, args: string[], problem: string): void {
  const result = spawnSync(python, args, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (result.status === 0) return;
  throw new Error(`${problem}: ${(result.stderr ?? '').trim().split('\n').at(-1)}`);
}
