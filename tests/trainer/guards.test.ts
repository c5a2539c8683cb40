/** What stops a run, and what it says. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { latestCheckpoint } from '../../trainer/checkpoint.ts';
import type { PpoConfig } from '../../trainer/config/ppo.ts';
import type { PromptExample } from '../../trainer/data/types.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams, readFloats } from '../../trainer/model/params.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import type { RunFolders } from '../../trainer/recipes/run/recipe-args.ts';
import { selfCheck } from '../../trainer/recipes/run/self-check.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { conformance, makeTinyWorld, RECIPE_ROWS, startTiny, type TinyWorld } from './conformance.ts';
import { tinyPpo, tinyReward, tinySft } from './tiny-configs.ts';
import { collect, curve, doneOf, foldersOf, prompts, rankings, sftExamples } from './tiny-world.ts';

let folder: string;
let world: TinyWorld;
let modelFolder: string;
let numbered = 0;
const run = (named: Partial<RunFolders> = {}) =>
  ({
    backend: 'simd',
    folders: foldersOf({ model: modelFolder, out: join(folder, `run-${numbered++}`), ...named }),
    signal: new AbortController().signal,
  }) as const;

beforeAll(async () => {
  await chooseBackend('simd');
  folder = mkdtempSync(join(tmpdir(), 'plumbline-guards-'));
  world = await makeTinyWorld(folder, { backend: 'simd', reward: join(folder, 'scorer') });
  modelFolder = world.model;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const startPpo = (
  extra: Partial<PpoConfig>,
  score: (response: string) => number = (response) => response.length / 10,
  from: PromptExample[] = prompts,
) =>
  ppo({
    ...run(),
    config: { ...tinyPpo, totalEpisodes: 24, ...extra },
    data: { prompts: from, evalPrompts: [], score: (_, response) => score(response), trueReward: null },
  });

describe('self-checks', () => {
  it('pass with the event, fail with the numbers, and NaN fails', () => {
    const check = { name: 'x', tolerance: 0.1, detail: 'a 1.05, b 1' };
    expect(selfCheck({ ...check, deviation: 0.05 })).toEqual({
      type: 'self-check',
      name: 'x',
      value: 0.05,
      tolerance: 0.1,
    });
    expect(() => selfCheck({ ...check, deviation: -0.2 })).toThrow(
      "self-check 'x' failed: a 1.05, b 1; off by -0.2",
    );
    expect(() => selfCheck({ ...check, deviation: Number.NaN })).toThrow('off by NaN');
  });

  it('come before the first step of PPO', async () => {
    const events = await collect(startPpo({}));
    const firstStep = events.findIndex(({ type }) => type === 'step');
    const names = events
      .slice(0, firstStep)
      .flatMap((event) => (event.type === 'self-check' ? [event.name] : []));
    expect(names).toEqual([
      'pad differs from eos',
      'cached generation gives the log-probabilities of the training forward',
      'policy equals reference',
      'first ratio is 1',
    ]);
    expect(curve(events, 'objective/kl')[0]).toBe(0);
  });
});

describe('guards', () => {
  it('a score that is no number stops PPO with step, prompts and config', async () => {
    await expect(collect(startPpo({}, () => Number.NaN))).rejects.toThrow(
      /step 1: score of response 0 = NaN.*batch prompt-\d.*config .*"rolloutBatchSize":8/,
    );
  });

  it.each(RECIPE_ROWS)(
    'a learning rate that blows up stops %s and leaves its earlier checkpoint',
    async (recipe) => {
      const { explodes } = conformance[recipe];
      const config = { ...explodes, runtime: { ...explodes.runtime, checkpointEvery: 1 } };
      const out = join(folder, `exploding-${recipe}`);
      const events: TrainEvent[] = [];
      const failing = async () => {
        for await (const event of startTiny(recipe, { world, backend: 'simd', out, config }))
          events.push(event);
      };
      await expect(failing()).rejects.toThrow(
        /step \d+: .* = (NaN|-?Infinity).*batch .*config .*"learningRate":1e\+30/,
      );
      const lastGood = events.findLast((event) => event.type === 'step')?.step ?? null;
      const kept = latestCheckpoint(out);
      expect(kept?.step ?? null).toBe(lastGood);
      if (!kept) return;
      const { params } = loadPretrained(kept.folder);
      for (const param of Object.values(params)) expect(readFloats(param).every(Number.isFinite)).toBe(true);
      disposeParams(params);
    },
  );

  it.each(RECIPE_ROWS)('%s refuses rows longer than the context', async (recipe) => {
    const { message, ...changes } = conformance[recipe].tooLong;
    const out = join(folder, `long-${recipe}`);
    await expect(collect(startTiny(recipe, { world, backend: 'simd', out, ...changes }))).rejects.toThrow(
      message,
    );
  });

  it.each(RECIPE_ROWS)('%s says what became of the rows when none is left', async (recipe) => {
    const { message, ...changes } = conformance[recipe].nothing;
    const out = join(folder, `nothing-${recipe}`);
    await expect(collect(startTiny(recipe, { world, backend: 'simd', out, ...changes }))).rejects.toThrow(
      message,
    );
  });

  it('a reward model with another tokenizer is refused, and so is a policy in its place', async () => {
    const args = { ...run(), config: { ...tinyReward, epochs: 1 }, data: rankings };
    const { folder: scorer } = doneOf(await collect(reward(args)));
    const other = join(folder, 'other-tokenizer');
    cpSync(scorer, other, { recursive: true });
    const tokenizer = join(other, 'tokenizer.json');
    writeFileSync(tokenizer, `${readFileSync(tokenizer, 'utf8')}\n`);
    const start = (at: string) =>
      ppo({
        ...run({ reward: at }),
        config: tinyPpo,
        data: { prompts, evalPrompts: [], score: 'model', trueReward: null },
      });
    await expect(collect(start(other))).rejects.toThrow('must share one tokenizer');
    await expect(collect(start(modelFolder))).rejects.toThrow('has no reward head');
    await expect(
      collect(sft({ ...run({ model: scorer }), config: tinySft, data: { examples: sftExamples } })),
    ).rejects.toThrow('cannot be fine-tuned on answers');
  });

  it('the KL stop ends the epochs of a rollout', async () => {
    const bold = { ...tinyPpo.policyOptimizer, learningRate: 0.05 };
    const free = await collect(startPpo({ numPpoEpochs: 4, policyOptimizer: bold }));
    expect(curve(free, 'val/num_updates')).toEqual([8, 8, 8]);
    const held = await collect(
      startPpo({ numPpoEpochs: 4, policyOptimizer: bold, kl: { ...tinyPpo.kl, stopAbove: 1e-3 } }),
    );
    expect(Math.max(...curve(held, 'val/num_updates'))).toBeLessThan(8);
  });

  it('an entropy under the floor is warned of once', async () => {
    const events = await collect(startPpo({ entropyFloor: 100 }));
    const warnings = events.filter((event) => event.type === 'warning');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ message: expect.stringContaining('is under entropyFloor 100') });
  });

  it('rows that do not fit are counted aloud', async () => {
    const long: PromptExample = { id: 'long', prompt: [{ role: 'user', content: 'cat dog '.repeat(20) }] };
    const events = await collect(
      startPpo({ maxPromptLength: 40, totalEpisodes: 8 }, undefined, [...prompts, long]),
    );
    const warning = events.find((event) => event.type === 'warning');
    expect(warning).toMatchObject({
      message: expect.stringContaining('1 of 9 prompts are longer than maxPromptLength 40'),
    });
    await expect(collect(startPpo({ maxPromptLength: 2 }))).rejects.toThrow('no examples');
  });
});
