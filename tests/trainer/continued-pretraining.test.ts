/** Pretraining that goes on from a model: what it keeps of the model, and what it refuses. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModelConfig } from '../../trainer/model/files/load-pretrained.ts';
import { makeTinyWorld, startTiny, type TinyWorld } from './conformance.ts';
import { tinyLora, tinyPretrain } from './tiny-configs.ts';
import { collect, curve, doneOf, finalFolder } from './tiny-world.ts';

let folder: string;
let world: TinyWorld;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-continued-'));
  world = await makeTinyWorld(folder, { backend: 'simd', reward: join(folder, 'scorer') });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (name: string, changes: object) =>
  startTiny('pretrain', { world, backend: 'simd', out: join(folder, name), needs: ['model'], ...changes });

it('learns from where the model is, and keeps its shape and tokenizer whatever the config says of a new one', async () => {
  const model = { ...tinyPretrain.model, hiddenSize: 32, numLayers: 1, maxPositions: 32 };
  const config = { ...tinyPretrain, model, vocabSize: 262 };
  const first = await collect(start('first', { config }));
  const losses = curve(first, 'loss');
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  expect(first.some((event) => event.type === 'self-check' && event.name.includes('ln V'))).toBe(false);
  const final = finalFolder(join(folder, 'first'));
  expect(loadModelConfig(final)).toEqual(loadModelConfig(world.model));
  for (const file of ['tokenizer.json', 'generation_config.json'])
    expect(readFileSync(join(final, file)).equals(readFileSync(join(world.model, file))), file).toBe(true);

  // the same held-out text: the second run begins where the first one ended
  const second = await collect(start('second', { world: { model: final, reward: null } }));
  const before = second.find((event) => event.type === 'eval');
  expect(before?.type === 'eval' && before.metrics.eval_loss).toBe(doneOf(first).summary.heldOutLoss);
});

it('refuses a model that gives scores, rows beyond its positions, and an adapter on nothing', async () => {
  const scorer = { model: world.reward as string, reward: null };
  await expect(collect(start('scorer-run', { world: scorer }))).rejects.toThrow(
    'a LlamaForSequenceClassification gives scores, not text; pretrain expects a language model',
  );
  const long = { ...tinyPretrain, sequenceLength: 65 };
  await expect(collect(start('long', { config: long }))).rejects.toThrow(
    /base has 64 positions and the longest row takes 65 tokens: lower sequenceLength 65/,
  );
  const lora = { ...tinyPretrain, lora: tinyLora };
  await expect(collect(start('nothing', { config: lora, needs: [] }))).rejects.toThrow(
    'lora.rank is 3 and there is no model to put an adapter on; expected null or a model',
  );
});
