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
  foldersOf,
  prompts,
  rankings,
  sftExamples,
  texts,
  writeTinyModel,
} from './tiny-world.ts';

type Start = (run: {
  out: string;
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
    const folders = foldersOf({ model: modelFolder, out: join(folder, 'scorer') });
    const { signal } = new AbortController();
    await collect(reward({ config: tinyReward, backend, folders, data: rankings, signal }));
    rewardFolder = finalFolder(folders.out);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const on = ({ signal, ...run }: Parameters<Start>[0], model: string | null = modelFolder) => ({
    backend,
    signal,
    folders: foldersOf({ ...run, model }),
  });
  const answers = { examples: sftExamples };
  const starts: Record<string, Start> = {
    pretrain: (run) => pretrain({ ...on(run, null), config: tinyPretrain, data: { texts } }),
    sft: (run) => sft({ ...on(run), config: tinySft, data: answers }),
    reward: (run) => reward({ ...on(run), config: tinyReward, data: rankings }),
    'sft with an adapter': (run) =>
      sft({ ...on(run), config: { ...tinySft, lora: tinyLora }, data: answers }),
    'reward with an adapter': (run) =>
      reward({ ...on(run), config: { ...tinyReward, lora: tinyLora }, data: rankings }),
    ppo: ({ signal, ...run }) =>
      ppo({
        config: tinyPpo,
        backend,
        folders: foldersOf({ ...run, model: modelFolder, reward: rewardFolder }),
        data: {
          prompts,
          evalPrompts: prompts,
          score: 'model',
          trueReward: (_, response) => response.length,
        },
        signal,
      }),
  };

  describe.each(Object.keys(starts))('%s', (name) => {
    const start = starts[name] as Start;

    it('resumes bit for bit', { timeout: 300_000 }, async () => {
      const never = new AbortController().signal;
      const whole = await collect(
        start({ out: join(folder, name, 'whole'), resumeFrom: null, signal: never }),
      );
      expect(measured(whole, 0).filter(({ type }) => type === 'step')).toHaveLength(10);

      const controller = new AbortController();
      const first = await collect(
        start({ out: join(folder, name, 'halves'), resumeFrom: null, signal: controller.signal }),
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
        start({ out: join(folder, name, 'halves'), resumeFrom: stopped.folder, signal: never }),
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
        out: join(folder, name, 'other'),
        resumeFrom: checkpoint,
        signal: AbortSignal.timeout(1e6),
      };
      const changed = {
        pretrain: () =>
          pretrain({ ...on(other, null), config: { ...tinyPretrain, batchSize: 4 }, data: { texts } }),
        sft: () => sft({ ...on(other), config: { ...tinySft, batchSize: 2 }, data: answers }),
        reward: () => {
          const data = { ...rankings, examples: rankings.examples.slice(1) };
          return reward({ ...on(other), config: tinyReward, data });
        },
        'sft with an adapter': () => {
          const config = { ...tinySft, lora: { ...tinyLora, rank: 2 } };
          return sft({ ...on(other), config, data: answers });
        },
        'reward with an adapter': () => {
          const config = { ...tinyReward, lora: tinyLora };
          return reward({ ...on(other, rewardFolder), config, data: rankings });
        },
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
