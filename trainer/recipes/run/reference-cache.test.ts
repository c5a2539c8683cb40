import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { measureOnce } from './reference-cache.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'plumbline-reference-'));
  vi.stubEnv('PLUMBLINE_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

const values = Float32Array.of(0.1, -2.5);
const measurer = () => vi.fn(async () => ({ logProbs: values }));

it('measures once per key and gives the same bits again', async () => {
  const [first, second, other] = [measurer(), measurer(), measurer()];
  await measureOnce({ rows: 'a' }, { logProbs: 2 }, first);
  expect(await measureOnce({ rows: 'a' }, { logProbs: 2 }, second)).toEqual({ logProbs: values });
  await measureOnce({ rows: 'b' }, { logProbs: 2 }, other);
  expect([first, second, other].map((fn) => fn.mock.calls.length)).toEqual([1, 0, 1]);
});

it('does not believe a damaged file or one of another length', async () => {
  await measureOnce('key', { logProbs: 2 }, measurer());
  const longer = vi.fn(async () => ({ logProbs: Float32Array.of(1, 2, 3) }));
  expect((await measureOnce('key', { logProbs: 3 }, longer)).logProbs).toHaveLength(3);
  const [file] = readdirSync(join(cache, 'reference')) as [string];
  writeFileSync(join(cache, 'reference', file), 'not a tensor');
  const again = measurer();
  await measureOnce('key', { logProbs: 2 }, again);
  expect(again).toHaveBeenCalledOnce();
});

it('a cache that cannot be written costs nothing but the next measurement', async () => {
  writeFileSync(join(cache, 'reference'), 'a file stands where the folder would be');
  expect(await measureOnce('key', { logProbs: 2 }, measurer())).toEqual({ logProbs: values });
});
