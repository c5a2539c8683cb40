/** Each recipe can learn one batch by heart, and holds as many tensors after its last step as after its second. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { generate } from '../../trainer/generate.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { tf } from '../../trainer/tensors/tf.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import {
  conformance,
  makeTinyWorld,
  RECIPE_ROWS,
  recipesWith,
  startTiny,
  type TinyWorld,
} from './conformance.ts';
import { tinyPpo, tinyReward, tinySft } from './tiny-configs.ts';
import {
  collect,
  curve,
  doneOf,
  finalFolder,
  foldersOf,
  prompts,
  rankedExamples,
  sftExamples,
  writeTinyModel,
} from './tiny-world.ts';

let folder: string;
let modelFolder: string;
const backend = 'simd';
const run = (name: string) =>
  ({
    backend,
    folders: foldersOf({ model: modelFolder, out: join(folder, name) }),
    signal: new AbortController().signal,
  }) as const;

beforeAll(async () => {
  await chooseBackend(backend);
  folder = mkdtempSync(join(tmpdir(), 'plumbline-overfit-'));
  modelFolder = await writeTinyModel(join(folder, 'base'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('overfitting one batch', () => {
  it('sft says its four answers by heart', { timeout: 300_000 }, async () => {
    const examples = sftExamples.slice(0, 4);
    const config = { ...tinySft, epochs: 150, optimizer: { ...tinySft.optimizer, learningRate: 2e-2 } };
    const outFolder = join(folder, 'sft');
    const events = await collect(sft({ ...run('sft'), config, data: { examples } }));
    expect(curve(events, 'loss').at(-1)).toBeLessThan(0.02);

    const { params, config: model } = loadPretrained(finalFolder(outFolder));
    const tokenizer = loadTokenizer(finalFolder(outFolder));
    const { responses, ended } = await generate({
      params,
      config: model,
      promptIds: examples.map(({ prompt }) => tokenizer.encodeChat(prompt, { addGenerationPrompt: true })),
      maxNewTokens: 20,
      temperature: 0,
      rng: createRng(1, 'unused'),
      eosTokenIds: [tokenizer.eosTokenId],
      padTokenId: tokenizer.padTokenId,
    });
    disposeParams(params);
    expect(responses.map((ids) => tokenizer.decode(ids))).toEqual(
      examples.map(({ completion }) => completion),
    );
    expect(ended).toEqual([true, true, true, true]);
  });

  it('reward orders one batch of rankings without a mistake', async () => {
    const examples = rankedExamples.filter(({ split }) => split === 'train').slice(0, 4);
    const config = { ...tinyReward, epochs: 60, centering: 0, useTies: false, normalizeOn: 0 };
    const events = await collect(
      reward({ ...run('reward'), config, data: { examples, referencePrompts: [] } }),
    );
    expect(curve(events, 'accuracy_strict').at(-1)).toBe(1);
    expect(curve(events, 'loss').at(-1)).toBeLessThan(0.05);
  });

  it('ppo finds the one word that is paid for', { timeout: 300_000 }, async () => {
    const events = await collect(
      ppo({
        ...run('ppo'),
        config: {
          ...tinyPpo,
          totalEpisodes: 1600,
          rolloutBatchSize: 32,
          missingEosScore: null,
          responseLength: 6,
          kl: { ...tinyPpo.kl, controller: 'fixed', coefficient: 0.001 },
          policyOptimizer: { ...tinyPpo.policyOptimizer, learningRate: 1e-2 },
          criticOptimizer: { ...tinyPpo.criticOptimizer, learningRate: 1e-2 },
        },
        data: {
          prompts,
          evalPrompts: prompts,
          score: (_, response) => (response.includes('cat') ? 1 : 0),
          trueReward: null,
        },
      }),
    );
    const { summary } = doneOf(events);
    expect(summary.proxyRewardBefore).toBeLessThan(0.3);
    expect(summary.proxyRewardAfter).toBeGreaterThan(0.8);
    expect(summary.klToReference).toBeGreaterThan(0.5);
  });
});

describe('tensor count', () => {
  let world: TinyWorld;
  beforeAll(async () => {
    world = await makeTinyWorld(join(folder, 'world'), { backend, reward: join(folder, 'scorer') });
  });
  const cases = [
    ...RECIPE_ROWS.map((recipe) => ({ recipe, name: recipe, lora: false })),
    ...recipesWith('lora').map((recipe) => ({ recipe, name: `${recipe} with an adapter`, lora: true })),
  ];

  it.each(cases)(
    '$name holds a constant number of tensors and frees all it made',
    async ({ recipe, name, lora: withAdapter }) => {
      const { lora } = conformance[recipe];
      const row = withAdapter && !('not' in lora) ? lora : conformance[recipe];
      const { config, needs = conformance[recipe].needs } = row;
      const before = tf.memory().numTensors;
      const counts: number[] = [];
      for await (const event of startTiny(recipe, {
        ...{ world, backend, config, needs, out: join(folder, `leak-${name}`) },
      })) {
        if (event.type === 'step') counts.push(tf.memory().numTensors);
      }
      expect(counts).toHaveLength(10);
      expect(new Set(counts.slice(1)).size).toBe(1);
      // rotary tables are kept for the life of the process, two tensors a shape
      expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2);
    },
  );

  it('a recipe that is dropped in the middle frees its tensors too', async () => {
    const before = tf.memory().numTensors;
    for await (const event of sft({
      ...run('dropped'),
      config: tinySft,
      data: { examples: sftExamples },
    })) {
      if (event.type === 'step') break;
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
