import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileKernels, findSections, hashKernelSources } from '../../../scripts/build-kernels.ts';

const committed = readFileSync(new URL('./kernels.wasm', import.meta.url));
const record = JSON.parse(readFileSync(new URL('./kernels.json', import.meta.url), 'utf8'));

test('kernels.wasm was built from the sources that are here: else run npm run kernels', () => {
  expect(record.sources).toBe(hashKernelSources());
});

test('building again gives the same bytes', { timeout: 60_000 }, async () => {
  expect(Buffer.from(await compileKernels()).equals(committed)).toBe(true);
});

test('the module has code and no static data', () => {
  const sections = findSections(committed);
  expect(sections).toContain(10);
  expect(sections).not.toContain(11);
});
