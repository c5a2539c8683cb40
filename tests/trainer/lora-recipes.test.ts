/** Training with an adapter: what it changes, what it leaves, and what the final folder holds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { importModel } from '../../trainer/cli/import-model.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { loadAdapter } from '../../trainer/model/files/adapter-files.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { mergeLora } from '../../trainer/model/lora/lora.ts';
import { disposeParams, type Params, readParams } from '../../trainer/model/params.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { conformance, makeTinyWorld, recipesWith, startTiny, type TinyWorld } from './conformance.ts';
import { tinyLora, tinySft } from './tiny-configs.ts';
import { collect, finalFolder, foldersOf, sftExamples } from './tiny-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'lora-recipes-'));
let world: TinyWorld;
let modelFolder: string;
beforeAll(async () => {
  await chooseBackend('simd');
  world = await makeTinyWorld(folder, { backend: 'simd', reward: join(folder, 'scorer') });
  modelFolder = world.model;
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (out: string) => ({
  backend: 'simd' as const,
  folders: foldersOf({ model: modelFolder, out }),
  signal: new AbortController().signal,
});

function losses(events: readonly TrainEvent[]): number[] {
  return events.flatMap((event) =>
    event.type === 'step' && event.metrics.loss !== undefined ? [event.metrics.loss] : [],
  );
}

/** Names of the weights in which two models differ. */
function changed(before: Params, after: Params): string[] {
  const [old, now] = [readParams(before), readParams(after)];
  return Object.keys(now).filter((name) => old[name]?.data.join() !== now[name]?.data.join());
}

describe.each(recipesWith('lora'))('%s', (recipe) => {
  const { lora } = conformance[recipe];
  if ('not' in lora) return;

  it('trains the adapter and its head alone; final is the merged model, with the adapter beside it', async () => {
    const outFolder = join(folder, recipe);
    const events = await collect(
      startTiny(recipe, { world, backend: 'simd', out: outFolder, config: lora.config }),
    );
    const curve = losses(events);
    // a policy has no loss that falls; overfit-and-leak.test and bandit.test say that it learns
    if (curve[0] !== undefined) expect(curve.at(-1)).toBeLessThan(curve[0]);
    expect(
      events.find((e) => e.type === 'self-check' && e.name === 'new adapter changes nothing'),
    ).toBeDefined();

    const base = loadPretrained(modelFolder);
    const final = loadPretrained(finalFolder(outFolder));
    const attention = Object.keys(base.params).filter((name) => /self_attn\.\w_proj\.weight$/.test(name));
    const expected = [...attention, ...lora.changesBeside];
    expect(changed(base.params, final.params).sort()).toEqual(expected.sort());

    const adapter = join(finalFolder(outFolder), 'adapter');
    const out = join(folder, `${recipe}-imported`);
    const source = { kind: 'adapter', model: modelFolder, adapter } as const;
    await importModel(
      { source, out, dtype: 'F32', json: false },
      { note: () => {}, signal: new AbortController().signal },
    );
    await chooseBackend('simd');
    const imported = loadPretrained(out);
    expect(readParams(imported.params)).toEqual(readParams(final.params));
    expect(imported.config).toEqual(final.config);
    expect(loadTokenizer(out).eosTokenId).toBe(loadTokenizer(modelFolder).eosTokenId);

    const adapted = loadAdapter(adapter, base);
    const merged = mergeLora(adapted.params);
    expect(readParams(merged)).toEqual(readParams(final.params));
    for (const params of [adapted.params, final.params, imported.params, merged]) disposeParams(params);
  });
});

it('learns the same where blocks are recomputed', async () => {
  const config = { ...tinySft, lora: { ...tinyLora, targetModules: 'all-linear' as const } };
  const curve = async (recompute: boolean) => {
    const outFolder = join(folder, `recompute-${recompute}`);
    return losses(
      await collect(
        sft({ ...run(outFolder), config: { ...config, recompute }, data: { examples: sftExamples } }),
      ),
    );
  };
  const [plain, recomputed] = [await curve(false), await curve(true)];
  expect(recomputed).toHaveLength(10);
  for (const [i, loss] of plain.entries()) expect(recomputed[i]).toBeCloseTo(loss, 5);
});
