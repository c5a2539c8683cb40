/** Ten steps are five steps, a checkpoint and five more, bit for bit: every metric, and the bytes of the final model. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecipeName } from '../../trainer/config/recipes.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { withNative } from '../support/tested-backends.ts';
import {
  conformance,
  makeTinyWorld,
  RECIPE_ROWS,
  recipesWith,
  startTiny,
  type TinyWorld,
} from './conformance.ts';
import { collect, doneOf, finalFolder, writeTinyModel } from './tiny-world.ts';

/** Everything that the seed decides; not wall-clock figures. */
function measured(events: readonly TrainEvent[], after: number) {
  return events.flatMap((event) => {
    if (event.type !== 'step' && event.type !== 'eval') return [];
    if (event.step <= after) return [];
    const { eps: _, ...metrics } = event.metrics;
    return [{ type: event.type, step: event.step, metrics }];
  });
}

type Case = { recipe: RecipeName; name: string; withAdapter: boolean };
const cases: Case[] = [
  ...RECIPE_ROWS.map((recipe) => ({ recipe, name: recipe, withAdapter: false })),
  ...recipesWith('lora').map((recipe) => ({ recipe, name: `${recipe} with an adapter`, withAdapter: true })),
];

describe.each(withNative(['simd']))('on %s', (backend) => {
  let folder: string;
  let world: TinyWorld;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plumbline-resume-'));
    world = await makeTinyWorld(folder, { backend, reward: join(folder, 'scorer') });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(cases)('$name', ({ recipe, name, withAdapter }) => {
    const { lora } = conformance[recipe];
    const config = withAdapter && 'config' in lora ? lora.config : conformance[recipe].config;
    const start = (
      out: string,
      run: { resumeFrom?: string; signal?: AbortSignal; changed?: object; in?: TinyWorld } = {},
    ) =>
      startTiny(recipe, {
        ...{ world: run.in ?? world, backend, out: join(folder, name, out), config },
        ...{ resumeFrom: run.resumeFrom ?? null, ...(run.signal && { signal: run.signal }) },
        ...run.changed,
      });
    const checkpoint = () => join(folder, name, 'halves', 'checkpoint-5');

    it('resumes bit for bit', { timeout: 300_000 }, async () => {
      const whole = await collect(start('whole'));
      expect(measured(whole, 0).filter(({ type }) => type === 'step')).toHaveLength(10);

      const controller = new AbortController();
      const first = await collect(start('halves', { signal: controller.signal }), {
        controller,
        when: (event) => event.type === 'step' && event.step === 5,
      });
      const stopped = doneOf(first);
      expect(stopped).toMatchObject({ step: 5, stopped: true, folder: checkpoint() });
      expect(first.at(-2)).toMatchObject({
        type: 'checkpoint',
        reason: 'interrupted',
        folder: stopped.folder,
      });

      const second = await collect(start('halves', { resumeFrom: stopped.folder }));
      expect(measured(second, 5)).toEqual(measured(whole, 5));
      expect(doneOf(second).summary).toEqual(doneOf(whole).summary);
      for (const file of ['model.safetensors', 'config.json', 'tokenizer.json']) {
        const bytes = (run: string) => readFileSync(join(finalFolder(join(folder, name, run)), file));
        expect(bytes('halves').equals(bytes('whole')), file).toBe(true);
      }
    });

    it('refuses a checkpoint that is not of this run', async () => {
      const runtime = { ...config.runtime, seed: config.runtime.seed + 1 };
      const other = (changed: object) => collect(start('other', { resumeFrom: checkpoint(), changed }));
      await expect(other({ config: { ...config, runtime } })).rejects.toThrow(
        'made with another config: runtime.seed was 1, now 2',
      );
      await expect(other({ data: conformance[recipe].otherData })).rejects.toThrow('made with other data');
      if (!withAdapter) return;
      const model = await writeTinyModel(join(folder, name, 'other-base'), 'llama', 8);
      await expect(
        collect(start('other', { resumeFrom: checkpoint(), in: { ...world, model } })),
      ).rejects.toThrow('trained on other weights');
    });
  });

  it('refuses a checkpoint of another recipe', async () => {
    const resumeFrom = join(folder, 'sft', 'halves', 'checkpoint-5');
    const out = join(folder, 'other');
    await expect(collect(startTiny('ppo', { world, backend, out, resumeFrom }))).rejects.toThrow('critic');
  });
});
