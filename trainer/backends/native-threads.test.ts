import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isNativeInstalled } from './choose.ts';
import { isAddonLoaded, loadAddon } from './graph/addon.ts';
import { sizeNativeThreads } from './native-threads.ts';

beforeEach(() => void vi.stubEnv('TF_NUM_INTRAOP_THREADS', undefined));
afterEach(() => void vi.unstubAllEnvs());

const threads = () => process.env.TF_NUM_INTRAOP_THREADS;

test('a small model gets one thread, a larger one what TensorFlow takes by itself', () => {
  sizeNativeThreads(3_700_000);
  expect(threads()).toBeUndefined();
  sizeNativeThreads(860_000);
  expect(threads()).toBe('1');
});

test('what is set in the environment stays', () => {
  vi.stubEnv('TF_NUM_INTRAOP_THREADS', '2');
  sizeNativeThreads(860_000);
  expect(threads()).toBe('2');
});

test.runIf(isNativeInstalled())('comes too late once TensorFlow is loaded', () => {
  loadAddon();
  expect(isAddonLoaded()).toBe(true);
  sizeNativeThreads(860_000);
  expect(threads()).toBeUndefined();
});
