/** Ten steps are five steps, a checkpoint and five more, bit for bit: every metric, and the bytes of the final model. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { pretrain } from '../../trainer/recipes/pretrain/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { withNative } from '../support/tested-backends.ts';
import { tinyLora, tinyPpo, tinyPretrain, tinyReward, tinySft } from './tiny-configs.ts';
import {
  collect,
  doneOf,
  finalFolder,
  prompts,
  rankedExamples,
  sftExamples,
  texts,
  writeTinyModel,
} from './tiny-world.ts';

type Start = (run: {
  outFolder: string;
  resumeFrom: string | null;
  signal: AbortSignal;
}) => AsyncIterable<TrainEvent>;

/** Everything that the seed decides; not wall-clock figures. */
function measured(events: readonly TrainEvent[], after: number) {
  return events.flatMap((event) => {
    if (event.type !== 'step' && event.type !== 'eval') return [];
    if (event.step <= after) return [];
    const { eps: _, ...metrics } = event.metrics;
    return [{ type: event.type, step: event.step, metrics }];
  });
}

describe.each(withNative(['simd']))('on %s', (backend) => {
  let folder: string;
  let modelFolder: string;
  let rewardFolder: string;

  beforeAll(async () => {
    await chooseBackend(backend);
    folder = mkdtempSync(join(tmpdir(), 'plumbline-resume-'));
    modelFolder = await writeTinyModel(join(folder, 'base'));
    const args = {
      config: tinyReward,
      backend,
      modelFolder,
      examples: rankedExamples,
      referencePrompts: prompts,
    } as const;
    const outFolder = join(folder, 'scorer');
    await collect(reward({ ...args, outFolder, resumeFrom: null, signal: new AbortController().signal }));
    rewardFolder = finalFolder(outFolder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const starts: Record<string, Start> = {
    pretrain: (run) => pretrain({ ...run, config: tinyPretrain, backend, texts }),
    sft: (run) => sft({ ...run, config: tinySft, backend, modelFolder, examples: sftExamples }),
    reward: (run) =>
      reward({
        ...run,
        config: tinyReward,
        backend,
        modelFolder,
        examples: rankedExamples,
        referencePrompts: prompts,
      }),
    'sft with an adapter': (run) =>
      sft({ ...run, config: { ...tinySft, lora: tinyLora }, backend, modelFolder, examples: sftExamples }),
    'reward with an adapter': (run) =>
      reward({
        ...run,
        config: { ...tinyReward, lora: tinyLora },
        backend,
        modelFolder,
        examples: rankedExamples,
        referencePrompts: prompts,
      }),
    ppo: (run) =>
      ppo({
        ...run,
        config: tinyPpo,
        backend,
        modelFolder,
        prompts,
        evalPrompts: prompts,
        score: { kind: 'model', folder: rewardFolder },
        trueReward: (_, response) => response.length,
      }),
  };

  describe.each(Object.keys(starts))('%s', (name) => {
    const start = starts[name] as Start;

    it('resumes bit for bit', { timeout: 300_000 }, async () => {
      const never = new AbortController().signal;
      const whole = await collect(
        start({ outFolder: join(folder, name, 'whole'), resumeFrom: null, signal: never }),
      );
      expect(measured(whole, 0).filter(({ type }) => type === 'step')).toHaveLength(10);

      const controller = new AbortController();
      const first = await collect(
        start({ outFolder: join(folder, name, 'halves'), resumeFrom: null, signal: controller.signal }),
        { controller, when: (event) => event.type === 'step' && event.step === 5 },
      );
      const stopped = doneOf(first);
      expect(stopped).toMatchObject({ step: 5, stopped: true });
      expect(first.at(-2)).toMatchObject({
        type: 'checkpoint',
        reason: 'interrupted',
        folder: stopped.folder,
      });

      const second = await collect(
        start({ outFolder: join(folder, name, 'halves'), resumeFrom: stopped.folder, signal: never }),
      );
      expect(measured(second, 5)).toEqual(measured(whole, 5));
      expect(doneOf(second).summary).toEqual(doneOf(whole).summary);
      for (const file of ['model.safetensors', 'config.json', 'tokenizer.json']) {
        const bytes = (run: string) => readFileSync(join(finalFolder(join(folder, name, run)), file));
        expect(bytes('halves').equals(bytes('whole')), file).toBe(true);
      }
    });

    it('refuses a checkpoint that is not of this run', async () => {
      const checkpoint = join(folder, name, 'halves', 'checkpoint-5');
      const other = {
        outFolder: join(folder, name, 'other'),
        resumeFrom: checkpoint,
        signal: AbortSignal.timeout(1e6),
      };
      const changed = {
        pretrain: () => pretrain({ ...other, config: { ...tinyPretrain, batchSize: 4 }, backend, texts }),
        sft: () =>
          sft({
            ...other,
            config: { ...tinySft, batchSize: 2 },
            backend,
            modelFolder,
            examples: sftExamples,
          }),
        reward: () =>
          reward({
            ...other,
            config: tinyReward,
            backend,
            modelFolder,
            examples: rankedExamples.slice(1),
            referencePrompts: prompts,
          }),
        'sft with an adapter': () =>
          sft({
            ...other,
            config: { ...tinySft, lora: { ...tinyLora, rank: 2 } },
            backend,
            modelFolder,
            examples: sftExamples,
          }),
        'reward with an adapter': () =>
          reward({
            ...other,
            config: { ...tinyReward, lora: tinyLora },
            backend,
            modelFolder: rewardFolder,
            examples: rankedExamples,
            referencePrompts: prompts,
          }),
        ppo: () => start({ ...other, resumeFrom: join(folder, 'sft', 'halves', 'checkpoint-5') }),
      }[name];
      await expect(collect((changed as () => AsyncIterable<TrainEvent>)())).rejects.toThrow(
        {
          pretrain: 'made with another config',
          sft: 'made with another config',
          reward: 'made with other data',
          'sft with an adapter': 'made with another config',
          'reward with an adapter': 'trained on other weights',
          ppo: 'critic',
        }[name],
      );
    });
  });
});
