import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { findPython, INSTALLED_FILE, pythonFolder, pythonOf } from './find-python.ts';

beforeEach(() => {
  vi.stubEnv('PLUMBLINE_CACHE', mkdtempSync(join(tmpdir(), 'python-')));
  vi.stubEnv('PLUMBLINE_PYTHON', '');
});
afterEach(() => vi.unstubAllEnvs());

it('finds the environment in the cache folder once its installation has gone through', () => {
  expect(findPython()).toBeNull();
  mkdirSync(pythonFolder());
  expect(findPython()).toBeNull();
  writeFileSync(join(pythonFolder(), INSTALLED_FILE), '');
  expect(findPython()).toBe(pythonOf(pythonFolder()));
});

it('prefers PLUMBLINE_PYTHON, and says when it is wrong', () => {
  vi.stubEnv('PLUMBLINE_PYTHON', process.execPath);
  expect(findPython()).toBe(process.execPath);
  vi.stubEnv('PLUMBLINE_PYTHON', '/no/such/python');
  expect(() => findPython()).toThrow('PLUMBLINE_PYTHON is /no/such/python, which does not exist');
});
