/** What `npm run native` says when something is missing, and what `--remove` takes away. */
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyForNative, type NativeCopy, type Outcome } from '../tests/support/native-copy.ts';
import { checkDiskSpace } from './check-disk-space.ts';
import { TENSORFLOW_VERSION } from './native/wheel.ts';

let copy: NativeCopy;
beforeAll(() => {
  copy = copyForNative();
});
afterAll(() => copy.remove());

function expectOneLine({ code, lines }: Outcome, said: RegExp): void {
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(said);
  expect(lines[0]).toMatch(/^native: .* \(the simd backend works without it\)$/);
  expect(code).toBe(1);
}

/** A cache whose library is unpacked already; the files are empty. */
function filledCache(name: string): string {
  const cache = join(copy.folder, name);
  const root = join(cache, 'native', `tensorflow-cpu-${TENSORFLOW_VERSION}`);
  mkdirSync(join(root, 'tensorflow', 'include'), { recursive: true });
  for (const file of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
    writeFileSync(join(root, 'tensorflow', file), '');
  writeFileSync(join(root, 'complete'), '');
  return cache;
}

describe('what is missing is one line', () => {
  const empty = () => ({ PLUMBLINE_CACHE: join(copy.folder, 'empty-cache') });

  it('no Python', async () => {
    expectOneLine(await copy.run({ env: empty() }), /Python is missing: install python3 \(3\.10 to 3\.13\)/);
  });

  it('Python without pip', async () => {
    const python3 = '[ "$1" = --version ] && exit 0; echo "No module named pip" >&2; exit 1';
    expectOneLine(
      await copy.run({ tools: { python3 }, env: empty() }),
      /python3 has no pip: install python3-pip/,
    );
  });

  it('a pip that cannot download', async () => {
    const python3 = `case "$*" in
--version) exit 0 ;;
"-m pip --version") echo "pip 25.1 from here (python 3.12)" ;;
*) echo "ERROR: No matching distribution found for tensorflow-cpu" >&2; exit 1 ;;
esac`;
    expectOneLine(
      await copy.run({ tools: { python3 }, env: empty() }),
      /pip could not download tensorflow-cpu==.* \(wheels exist for Python 3\.10 to 3\.13\): ERROR: No matching/,
    );
  });

  it.each(['g++', 'make'])('no %s', async (missing) => {
    const tools = Object.fromEntries(
      ['g++', 'make'].filter((name) => name !== missing).map((name) => [name, 'exit 0']),
    );
    expectOneLine(
      await copy.run({ tools, env: { PLUMBLINE_CACHE: filledCache(`without-${missing}`) } }),
      new RegExp(`${missing.replace(/\+/g, '\\+')} is missing: install a C\\+\\+ compiler`),
    );
  });

  it('a build that fails', async () => {
    const tools = { 'g++': 'exit 0', make: 'exit 0', npm: 'echo "make: error: no rule" >&2; exit 2' };
    expectOneLine(
      await copy.run({ tools, env: { PLUMBLINE_CACHE: filledCache('failed-build') } }),
      /the addon could not be built: make: error: no rule/,
    );
  });

  // /proc is where mkdir's recursive mode never returns; root may write anywhere else
  it.each([
    ['a file', () => join(copy.folder, 'package.json'), /cannot be written to \(ENOTDIR/],
    ['below a file', () => join(copy.folder, 'package.json', 'x'), /cannot be written to \(ENOTDIR/],
    ['a name too long', () => 'x'.repeat(300), /cannot be written to \(ENAMETOOLONG/],
    ['a place that takes no folders', () => '/proc/plumbline', /cannot be written to \(ENOENT/],
  ])('PLUMBLINE_CACHE is %s', async (_, cache, said) => {
    const outcome = await copy.run({ env: { PLUMBLINE_CACHE: cache() } });
    expectOneLine(outcome, said);
    expect(outcome.lines[0]).toContain('PLUMBLINE_CACHE names a folder that can');
    expect(outcome.seconds).toBeLessThan(30);
  });

  it('no disk space', () => {
    expect(() => checkDiskSpace(copy.folder, 1e9)).toThrow(
      /: \d+ MB are free, 1000000000 MB are needed \(PLUMBLINE_CACHE moves it\)/,
    );
    expect(() => checkDiskSpace(copy.folder, 1)).not.toThrow();
  });

  it('an unknown option', async () => {
    expectOneLine(await copy.run({ args: ['--gpu'] }), /Unknown option '--gpu'/);
  });
});

it('--remove takes library, addon and links away and nothing else', async () => {
  const cache = filledCache('to-remove');
  writeFileSync(join(cache, 'kept'), '');
  const env = { PLUMBLINE_CACHE: cache };
  // stops at the compiler, with the links made
  await copy.run({ env });
  const link = join(copy.packageFolder, 'deps', 'lib', 'libtensorflow.so.2');
  expect(readlinkSync(link)).toContain(cache);
  const removed = await copy.run({ args: ['--remove'], env });
  expect(removed).toMatchObject({ code: 0, lines: [], stdout: 'native: removed; the simd backend stays\n' });
  expect(existsSync(join(copy.packageFolder, 'deps'))).toBe(false);
  expect(existsSync(join(copy.packageFolder, 'package.json'))).toBe(true);
  expect(existsSync(join(cache, 'kept'))).toBe(true);
  expect(existsSync(join(cache, 'native', `tensorflow-cpu-${TENSORFLOW_VERSION}`))).toBe(false);
  expect(await copy.run({ args: ['--remove'], env })).toMatchObject({ code: 0 });
});
