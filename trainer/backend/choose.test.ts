import { afterEach, expect, test } from 'vitest';
import { chooseBackend, isNativeInstalled } from './choose.ts';
import { simdBackend } from './simd/register.ts';
import { tf } from './tf.ts';

afterEach(() => chooseBackend('simd'));

test('simd is the default, and moves variables along', async () => {
  expect(await chooseBackend('cpu')).toBe('cpu');
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2, 3])));
  expect(await chooseBackend()).toBe('simd');
  expect(tf.getBackend()).toBe('simd');
  expect([...tf.tidy(() => tf.add(variable, 1).dataSync())]).toEqual([2, 3, 4]);
  variable.dispose();
});

test('native takes variables along and gives them back, or says how to install it', async () => {
  if (!isNativeInstalled()) {
    for (const [name, command] of [
      ['native', 'npm run native'],
      ['cuda', 'npm run native -- --cuda'],
    ] as const) {
      await expect(chooseBackend(name)).rejects.toThrow(
        `backend '${name}' is not installed (${command}); available: simd, cpu`,
      );
    }
    return;
  }
  await chooseBackend('cpu');
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2, 3])));
  expect(await chooseBackend('native')).toBe('native');
  expect([...tf.tidy(() => tf.add(variable, 1).dataSync())]).toEqual([2, 3, 4]);
  await chooseBackend('simd');
  expect([...variable.dataSync()]).toEqual([1, 2, 3]);
  variable.dispose();
});

test('an unknown name is refused', async () => {
  await expect(chooseBackend('gpu')).rejects.toThrow(/backend 'gpu' is unknown; available: .*simd, cpu/);
});

test('the number of threads can change and must be sensible', async () => {
  await chooseBackend('simd', { threads: 3 });
  expect(simdBackend().threads.size).toBe(3);
  await chooseBackend('simd', { threads: 1 });
  expect(simdBackend().threads.size).toBe(1);
  await expect(chooseBackend('simd', { threads: 0 })).rejects.toThrow(/threads is 0, expected .* 1 to 16/);
});
