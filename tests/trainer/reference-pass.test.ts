/** The pass with the reference before DPO and KTO: it says how far it is, and a run that is stopped in it goes on as if nobody had. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { conformance, startTiny, type TinyWorld } from './conformance.ts';
import { collect, doneOf, finalFolder, writeTinyModel } from './tiny-world.ts';

let folder: string;
let world: TinyWorld;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-reference-pass-'));
  world = { model: await writeTinyModel(join(folder, 'base')), reward: null };
  // every look at the clock is two seconds later, so that each pass is long enough to be told of
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 2000;
    return now;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it.each(['dpo', 'kto'] as const)('%s can be stopped in it and goes on', async (recipe) => {
  const { lora } = conformance[recipe];
  const withAdapter = 'not' in lora ? {} : { config: lora.config };
  for (const changes of [{}, withAdapter]) {
    const start = (out: string, run: { signal?: AbortSignal; resumeFrom?: string } = {}) => {
      // each finds nothing that another has measured
      vi.stubEnv('PLUMBLINE_CACHE', mkdtempSync(join(folder, 'cache-')));
      return startTiny(recipe, { world, backend: 'simd', out: join(folder, out), ...changes, ...run });
    };
    const name = `${recipe}-${Object.keys(changes).length}`;
    const whole = await collect(start(`${name}-whole`));
    const told = whole.filter((event) => event.type === 'progress');
    expect(told.length).toBeGreaterThan(1);
    for (const { done, total, seconds } of told) {
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThanOrEqual(total);
      expect(seconds).toBeGreaterThan(0);
    }
    expect(told.at(-1)).toMatchObject({ phase: 'reference', step: 0, done: told[0]?.total });

    const controller = new AbortController();
    const first = await collect(start(`${name}-stopped`, { signal: controller.signal }), {
      controller,
      when: ({ type }) => type === 'progress',
    });
    expect(first.filter(({ type }) => type === 'progress')).toHaveLength(1);
    expect(first.filter(({ type }) => type === 'step' || type === 'eval')).toEqual([]);
    const stopped = doneOf(first);
    expect(stopped).toMatchObject({ step: 0, stopped: true });
    const second = await collect(start(`${name}-stopped`, { resumeFrom: stopped.folder }));
    expect(doneOf(second).summary).toEqual(doneOf(whole).summary);
    const weights = (out: string) => readFileSync(join(finalFolder(join(folder, out)), 'model.safetensors'));
    expect(weights(`${name}-stopped`).equals(weights(`${name}-whole`))).toBe(true);
  }
});
