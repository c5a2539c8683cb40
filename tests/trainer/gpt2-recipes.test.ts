/**
 * The recipes on a GPT-2: the same curves on simd and native, each run whole and as two halves around a checkpoint bit for
 * bit, and the critic, the reward model and the final folder are of the family.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecipeName } from '../../trainer/config/recipes.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { loadModelConfig } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { withNative } from '../support/tested-backends.ts';
import { conformance, makeTinyWorld, recipesWith, startTiny, type TinyWorld } from './conformance.ts';
import { collect, curve, doneOf, finalFolder } from './tiny-world.ts';

/** By recipe and metric, one of each backend. */
const curves: Partial<Record<RecipeName, Record<string, number[][]>>> = {};
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-gpt2-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(withNative(['simd']))('on %s', (backend) => {
  const out = (name: string) => join(folder, backend, name);
  let world: TinyWorld;
  beforeAll(async () => {
    world = await makeTinyWorld(join(folder, backend), { backend, family: 'gpt2', reward: out('scorer') });
  });

  it.each(recipesWith('gpt2'))(
    '%s runs, resumes bit for bit, and writes its folder',
    { timeout: 180_000 },
    async (recipe) => {
      const { golden, gpt2 } = conformance[recipe];
      const { metrics, ...changes } = golden;
      const start = (name: string, run: { resumeFrom?: string; signal?: AbortSignal } = {}) =>
        startTiny(recipe, { ...changes, ...run, world, backend, out: out(name) });
      const whole = await collect(start(recipe));
      const { step: numSteps } = doneOf(whole);
      for (const metric of metrics) {
        const values = curve(whole, metric);
        expect(values).toHaveLength(numSteps);
        curves[recipe] = { ...curves[recipe], [metric]: [...(curves[recipe]?.[metric] ?? []), values] };
      }

      const controller = new AbortController();
      const when = (event: TrainEvent) => event.type === 'step' && event.step === numSteps / 2;
      const halves = `${recipe}-halves`;
      const first = await collect(start(halves, { signal: controller.signal }), { controller, when });
      expect(doneOf(first)).toMatchObject({ step: numSteps / 2, stopped: true });
      await collect(start(halves, { resumeFrom: doneOf(first).folder }));
      for (const file of ['model.safetensors', 'config.json']) {
        const bytes = (name: string) => readFileSync(join(finalFolder(out(name)), file));
        expect(bytes(halves).equals(bytes(recipe)), file).toBe(true);
      }
      expect(gpt2).toEqual({ architecture: loadModelConfig(finalFolder(out(recipe))).architecture });
    },
  );

  it('the critic is one, too, and weights are stored as GPT-2 has them', () => {
    expect(loadModelConfig(join(out('ppo-halves'), 'checkpoint-2', 'critic')).architecture).toBe(
      'GPT2ForSequenceClassification',
    );
    // Conv1D: [in, out]
    const weights = readSafetensors(join(finalFolder(out('reward')), 'model.safetensors'));
    expect(weights.get('transformer.h.0.mlp.c_fc.weight')?.shape).toEqual([16, 24]);
    expect(weights.get('score.weight')?.shape).toEqual([1, 16]);
  });
});

it('gives the same curves on simd and native', () => {
  expect(Object.keys(curves)).toEqual(recipesWith('gpt2'));
  for (const [recipe, metrics] of Object.entries(curves)) {
    for (const [metric, [simd, ...others]] of Object.entries(metrics)) {
      for (const native of others) {
        native.forEach((value, i) => {
          const apart = Math.abs(value - (simd?.[i] as number)) / Math.max(1, Math.abs(value));
          expect(apart, `${recipe} ${metric} at step ${i + 1}`).toBeLessThan(1e-4);
        });
      }
    }
  }
});
