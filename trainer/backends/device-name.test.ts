import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deviceName } from './device-name.ts';

test('a processor is named by its model and threads', () => {
  for (const backend of ['simd', 'native'] as const) {
    expect(deviceName(backend)).toContain(`${availableParallelism()} thread`);
    expect(deviceName(backend)).toContain(cpus()[0]?.model.split(' ')[0] ?? process.arch);
  }
});

test('a GPU is named by what its driver says of the first card, or as one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-gpus-'));
  expect(deviceName('cuda', join(folder, 'none'))).toBe('a GPU');
  for (const [place, model] of [
    ['0000:0b:00.0', 'NVIDIA B'],
    ['0000:0a:00.0', 'NVIDIA A'],
  ] as const) {
    mkdirSync(join(folder, place));
    writeFileSync(join(folder, place, 'information'), `Model: \t\t ${model}\nIRQ:   \t\t 64\n`);
  }
  expect(deviceName('cuda', folder)).toBe('NVIDIA A');
  rmSync(folder, { recursive: true });
});
