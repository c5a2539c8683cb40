/**
 * Which pip downloads, and that a broken download goes on where it broke: `npm run native` with an index on this machine whose
 * connections break.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { cacheFolder } from '../../lib/cache-folder.ts';
import { copyForNative, type NativeCopy } from '../../tests/support/native-copy.ts';
import { findResumingPip, type Pip } from './pip.ts';
import { TENSORFLOW_VERSION } from './wheel.ts';

const WHEEL = `tensorflow_cpu-${TENSORFLOW_VERSION}-py3-none-any.whl`;
const LIBRARY_BYTES = 3_000_000;

/** A wheel with the three things that are taken out of TensorFlow's, and one that is not. */
const MAKE_WHEEL = `
import os, sys, zipfile
path, version, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
info = f'tensorflow_cpu-{version}.dist-info'
with zipfile.ZipFile(path, 'w') as z:
    z.writestr('tensorflow/libtensorflow_cc.so.2', os.urandom(size))
    z.writestr('tensorflow/libtensorflow_framework.so.2', b'framework')
    z.writestr('tensorflow/include/c_api.h', b'header')
    z.writestr('tensorflow/python.py', b'left out')
    z.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: tensorflow-cpu\\nVersion: {version}\\n')
    z.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr(f'{info}/RECORD', '')
`;

/** A pip that can resume, or null after one printed line: without a network an old one cannot be helped. */
function resumingPip(): Pip | null {
  let reason = 'it is older than 25.1, and a newer one could not be fetched';
  try {
    const pip = findResumingPip(join(cacheFolder(), 'native'));
    if (pip.resume.length > 0) return pip;
  } catch (error) {
    reason = (error as Error).message;
  }
  console.warn(`left out: resuming a download needs a newer pip: ${reason}`);
  return null;
}

const pip = resumingPip();

let copy: NativeCopy;
let folder: string;
let server: Server;
let wheel: Buffer;
/** the Range header of each request for the wheel */
const ranges: (string | undefined)[] = [];
let bytesSent = 0;

beforeAll(async () => {
  copy = copyForNative();
  folder = mkdtempSync(join(tmpdir(), 'plumbline-index-'));
  if (!pip) return;
  const path = join(folder, WHEEL);
  const made = spawnSync(pip.python, ['-c', MAKE_WHEEL, path, TENSORFLOW_VERSION, String(LIBRARY_BYTES)], {
    encoding: 'utf8',
  });
  expect(made.stderr).toBe('');
  wheel = readFileSync(path);
  server = createServer(({ url = '', headers }, response) => {
    if (url === '/simple/tensorflow-cpu/') {
      const sha256 = createHash('sha256').update(wheel).digest('hex');
      response.setHeader('Content-Type', 'text/html');
      response.end(
        `<!DOCTYPE html><html><body><a href="/${WHEEL}#sha256=${sha256}">${WHEEL}</a></body></html>`,
      );
      return;
    }
    if (url !== `/${WHEEL}`) {
      response.writeHead(404).end();
      return;
    }
    ranges.push(headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const isLast = ranges.length > 2;
    // the first two connections break after a third of the file each
    const part = wheel.subarray(from, isLast ? wheel.length : from + Math.floor(wheel.length / 3));
    bytesSent += part.length;
    response.writeHead(headers.range ? 206 : 200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': wheel.length - from,
      ETag: '"one"',
      'Accept-Ranges': 'bytes',
      ...(headers.range && { 'Content-Range': `bytes ${from}-${wheel.length - 1}/${wheel.length}` }),
    });
    response.write(part, () => {
      if (isLast) response.end();
      else response.socket?.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  copy.remove();
  rmSync(folder, { recursive: true, force: true });
  server?.close();
});

afterEach(() => vi.unstubAllEnvs());

/** Puts a python3 in front whose pip is 23.2, and 25.3 where `install` puts a newer one. */
function useOldPip(name: string, install: string): string {
  const bin = join(folder, name);
  mkdirSync(bin);
  const script = `#!/bin/sh
case "$*" in
"-m pip --version") [ -e "$PYTHONPATH/pip" ] && echo "pip 25.3 from x" || echo "pip 23.2.1 from y" ;;
"-m pip install "*) ${install} ;;
esac`;
  writeFileSync(join(bin, 'python3'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  vi.stubEnv('PYTHONPATH', '');
  return join(bin, 'native');
}

it('an old pip is left alone: a newer one is kept below the cache', () => {
  const root = useOldPip('old-pip', `while [ "$1" != --target ]; do shift; done; mkdir -p "$2/pip"`);
  for (const _ of ['fetched', 'found again']) {
    const found = findResumingPip(root);
    expect(found.resume).toEqual(['--resume-retries', '8']);
    expect(found.env.PYTHONPATH).toBe(join(root, 'pip'));
  }
});

it('an old pip does where no newer one can be had', () => {
  const root = useOldPip('no-newer-pip', 'exit 1');
  const found = findResumingPip(root);
  expect(found.resume).toEqual([]);
  expect(found.env.PYTHONPATH).toBe('');
});

if (pip) {
  it('a download that breaks twice is fetched once, checked and unpacked', async () => {
    const cache = join(folder, 'cache');
    const { port } = server.address() as AddressInfo;
    const env = {
      PLUMBLINE_CACHE: cache,
      PIP_CONFIG_FILE: '/dev/null',
      PIP_INDEX_URL: `http://127.0.0.1:${port}/simple/`,
      PIP_NO_CACHE_DIR: '1',
      NO_PROXY: '127.0.0.1',
      ...(pip.env.PYTHONPATH && { PYTHONPATH: pip.env.PYTHONPATH }),
    };
    const executable = spawnSync(pip.python, ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
    });
    const outcome = await copy.run({ tools: { python3: executable.stdout.trim() }, env });
    // the library is there; what stops it now is the compiler, which this test leaves out
    expect(outcome.lines).toEqual([expect.stringContaining('g++ is missing')]);
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true);
    expect(bytesSent).toBe(wheel.length);
    const unpacked = join(cache, 'native', `tensorflow-cpu-${TENSORFLOW_VERSION}`);
    expect(readFileSync(join(unpacked, 'tensorflow', 'libtensorflow_cc.so.2'))).toHaveLength(LIBRARY_BYTES);
    expect(existsSync(join(unpacked, 'tensorflow', 'include', 'c_api.h'))).toBe(true);
    expect(existsSync(join(unpacked, 'tensorflow', 'python.py'))).toBe(false);
    expect(existsSync(join(unpacked, 'wheel'))).toBe(false);

    const again = await copy.run({ tools: { python3: executable.stdout.trim() }, env });
    expect(again.stdout).not.toContain('downloading');
    expect(ranges).toHaveLength(3);
  });
}
