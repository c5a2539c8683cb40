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
type LogProbs = { logProbs: Float32Array };
const measurer = (logProbs = values) =>
  // biome-ignore lint/correctness/useYield: a measurement that is over at once
  vi.fn(async function* (): AsyncGenerator<never, LogProbs | null> {
    return { logProbs };
  });

/** Runs a measurement to its end. */
async function once(key: unknown, size: number, measure: ReturnType<typeof measurer>): Promise<LogProbs> {
  const next = await measureOnce(key, { logProbs: size }, measure).next();
  if (!next.done || next.value === null) throw new Error('nothing was measured');
  return next.value;
}

it('measures once per key and gives the same bits again', async () => {
  const [first, second, other] = [measurer(), measurer(), measurer()];
  await once({ rows: 'a' }, 2, first);
  expect(await once({ rows: 'a' }, 2, second)).toEqual({ logProbs: values });
  await once({ rows: 'b' }, 2, other);
  expect([first, second, other].map((fn) => fn.mock.calls.length)).toEqual([1, 0, 1]);
});

it('does not believe a damaged file or one of another length', async () => {
  await once('key', 2, measurer());
  const longer = measurer(Float32Array.of(1, 2, 3));
  expect((await once('key', 3, longer)).logProbs).toHaveLength(3);
  const [file] = readdirSync(join(cache, 'reference')) as [string];
  writeFileSync(join(cache, 'reference', file), 'not a tensor');
  const again = measurer();
  await once('key', 2, again);
  expect(again).toHaveBeenCalledOnce();
});

it('a cache that cannot be written costs nothing but the next measurement', async () => {
  writeFileSync(join(cache, 'reference'), 'a file stands where the folder would be');
  expect(await once('key', 2, measurer())).toEqual({ logProbs: values });
});

it('one that was stopped leaves nothing behind', async () => {
  // biome-ignore lint/correctness/useYield: it stops before it has done anything
  const stopped = async function* (): AsyncGenerator<never, LogProbs | null> {
    return null;
  };
  expect((await measureOnce('key', { logProbs: 2 }, stopped).next()).value).toBeNull();
  const again = measurer();
  await once('key', 2, again);
  expect(again).toHaveBeenCalledOnce();
});
