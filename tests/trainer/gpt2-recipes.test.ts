/**
 * The recipes on a GPT-2: the same curves on simd and native, each run whole and as two halves around a checkpoint bit for
 * bit, and the critic, the reward model and the final folder are of the family.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { loadModelConfig } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { withNative } from '../support/tested-backends.ts';
import { tinyPpo, tinyReward, tinySft } from './tiny-configs.ts';
import {
  collect,
  curve,
  doneOf,
  finalFolder,
  foldersOf,
  prompts,
  rankings,
  sftExamples,
  writeTinyModel,
} from './tiny-world.ts';

type Start = (run: {
  out: string;
  resumeFrom: string | null;
  signal: AbortSignal;
}) => AsyncIterable<TrainEvent>;

const METRICS: Record<string, string[]> = {
  sft: ['loss', 'grad_norm'],
  reward: ['loss', 'grad_norm', 'mean_reward'],
  ppo: ['objective/kl', 'objective/scores', 'loss/policy_avg', 'loss/value_avg', 'critic/grad_norm'],
};
const curves: Record<string, Record<string, number[][]>> = {};
let folder: string;
let modelFolder: string;
beforeAll(async () => {
  await chooseBackend('simd');
  folder = mkdtempSync(join(tmpdir(), 'plumbline-gpt2-'));
  modelFolder = await writeTinyModel(join(folder, 'base'), 'gpt2');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(withNative(['simd']))('on %s', (backend) => {
  const out = (name: string) => join(folder, backend, name);
  const starts: Record<string, Start> = {
    sft: ({ signal, ...run }) => {
      const folders = foldersOf({ ...run, model: modelFolder });
      return sft({ config: tinySft, backend, folders, data: { examples: sftExamples }, signal });
    },
    reward: ({ signal, ...run }) => {
      const folders = foldersOf({ ...run, model: modelFolder });
      return reward({ config: tinyReward, backend, folders, data: rankings, signal });
    },
    ppo: ({ signal, ...run }) => {
      const folders = foldersOf({ ...run, model: modelFolder, reward: finalFolder(out('reward')) });
      const data = { prompts, evalPrompts: [], score: 'model' as const, trueReward: null };
      return ppo({ config: { ...tinyPpo, totalEpisodes: 32 }, backend, folders, data, signal });
    },
  };
  const steps: Record<string, number> = { sft: 10, reward: 10, ppo: 4 };

  it.each(Object.keys(starts))('%s runs, and resumes bit for bit', { timeout: 180_000 }, async (name) => {
    await chooseBackend(backend);
    const start = starts[name] as Start;
    const never = new AbortController().signal;
    const whole = await collect(start({ out: out(name), resumeFrom: null, signal: never }));
    for (const metric of METRICS[name] ?? []) {
      const values = curve(whole, metric);
      expect(values).toHaveLength(steps[name] as number);
      curves[name] = { ...curves[name], [metric]: [...(curves[name]?.[metric] ?? []), values] };
    }

    const controller = new AbortController();
    const half = (steps[name] as number) / 2;
    const halves = out(`${name}-halves`);
    const first = await collect(start({ out: halves, resumeFrom: null, signal: controller.signal }), {
      controller,
      when: (event) => event.type === 'step' && event.step === half,
    });
    await collect(start({ out: halves, resumeFrom: doneOf(first).folder, signal: never }));
    for (const file of ['model.safetensors', 'config.json']) {
      const bytes = (run: string) => readFileSync(join(finalFolder(run), file));
      expect(bytes(halves).equals(bytes(out(name))), file).toBe(true);
    }
  });

  it('writes GPT-2 folders: language models, a reward model, a critic', () => {
    const architecture = (path: string) => loadModelConfig(path).architecture;
    expect(architecture(finalFolder(out('sft')))).toBe('GPT2LMHeadModel');
    expect(architecture(finalFolder(out('ppo')))).toBe('GPT2LMHeadModel');
    expect(architecture(finalFolder(out('reward')))).toBe('GPT2ForSequenceClassification');
    expect(architecture(join(out('ppo-halves'), 'checkpoint-2', 'critic'))).toBe(
      'GPT2ForSequenceClassification',
    );
    // Conv1D: [in, out]
    const weights = readSafetensors(join(finalFolder(out('reward')), 'model.safetensors'));
    expect(weights.get('transformer.h.0.mlp.c_fc.weight')?.shape).toEqual([16, 24]);
    expect(weights.get('score.weight')?.shape).toEqual([1, 16]);
  });
});

it('gives the same curves on simd and native', () => {
  expect(Object.keys(curves)).toEqual(Object.keys(METRICS));
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
