import { afterEach, expect, test, vi } from 'vitest';
import { tf } from '../tensors/tf.ts';
import { bestBackend, chooseBackend, defaultBackend, isNativeInstalled } from './choose.ts';
import { simdBackend } from './simd/register.ts';

afterEach(async () => {
  vi.unstubAllEnvs();
  await chooseBackend('simd');
});

test('the best backend is a GPU, then TensorFlow on the processor, then simd', () => {
  expect(bestBackend(() => ({ seesGpu: true }))).toBe('cuda');
  // also the CUDA build where there is no GPU
  expect(bestBackend(() => ({ seesGpu: false }))).toBe('native');
  expect(bestBackend(() => null)).toBe('simd');
  if (!isNativeInstalled()) expect(bestBackend()).toBe('simd');
  else expect(['cuda', 'native']).toContain(bestBackend());
});

test('PLUMBLINE_BACKEND comes before the backend of a checkpoint, and that before the best', async () => {
  vi.stubEnv('PLUMBLINE_BACKEND', 'cpu');
  expect(defaultBackend('simd')).toBe('cpu');
  expect(await chooseBackend()).toBe('cpu');
  for (const none of ['', undefined]) {
    vi.stubEnv('PLUMBLINE_BACKEND', none);
    expect(defaultBackend('simd')).toBe('simd');
    expect(defaultBackend()).toBe(bestBackend());
  }
  expect(() => defaultBackend('webgl')).toThrow(
    /the checkpoint's backend 'webgl' is unknown; available: .*simd, cpu/,
  );
  vi.stubEnv('PLUMBLINE_BACKEND', 'gpu');
  await expect(chooseBackend()).rejects.toThrow(
    /PLUMBLINE_BACKEND: backend 'gpu' is unknown; available: .*simd, cpu/,
  );
});

test('simd moves variables along', async () => {
  expect(await chooseBackend('cpu')).toBe('cpu');
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2, 3])));
  expect(await chooseBackend('simd')).toBe('simd');
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
