/**
 * The four runs whose curves are kept in golden/. A refactor must reproduce them; a change of behaviour writes them anew in
 * its own commit: `npx tsx tests/trainer/write-golden.ts` (cpu backend, the oracle).
 */
import { join } from 'node:path';
import type { BackendName } from '../../trainer/backends/choose.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { pretrain } from '../../trainer/recipes/pretrain/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { tinyPpo, tinyPretrain, tinyReward, tinySft } from './tiny-configs.ts';
import {
  collect,
  curve,
  finalFolder,
  foldersOf,
  prompts,
  rankings,
  sftExamples,
  texts,
  writeTinyModel,
} from './tiny-world.ts';

export type Curves = Record<string, Record<string, number[]>>;

/**
 * Curves by recipe, then metric. `stopAfter` ends each run after so many steps and leaves out ppo, which needs a whole
 * reward model: for the slow oracle.
 */
export async function runGolden(folder: string, backend: BackendName, stopAfter?: number): Promise<Curves> {
  const modelFolder = await writeTinyModel(join(folder, 'base'));
  const run = (name: string) => {
    const controller = new AbortController();
    const when = (event: TrainEvent) => event.type === 'step' && event.step === stopAfter;
    const folders = foldersOf({ model: modelFolder, out: join(folder, name) });
    const args = { backend, folders, signal: controller.signal };
    return { args, stop: { controller, when } };
  };
  const first = run('pretrain');
  const pretrained = await collect(
    pretrain({ ...first.args, config: tinyPretrain, data: { texts } }),
    first.stop,
  );
  const second = run('sft');
  const tuned = await collect(
    sft({ ...second.args, config: tinySft, data: { examples: sftExamples } }),
    second.stop,
  );
  const third = run('reward');
  const fitted = await collect(reward({ ...third.args, config: tinyReward, data: rankings }), third.stop);
  const pick = (events: readonly TrainEvent[], names: string[]) =>
    Object.fromEntries(names.map((name) => [name, curve(events, name)]));
  const curves = {
    pretrain: pick(pretrained, ['loss', 'grad_norm']),
    sft: pick(tuned, ['loss', 'grad_norm']),
    reward: pick(fitted, ['loss', 'grad_norm', 'accuracy', 'mean_reward']),
  };
  if (stopAfter !== undefined) return curves;
  const last = run('ppo').args;
  const improved = await collect(
    ppo({
      ...last,
      folders: { ...last.folders, reward: finalFolder(join(folder, 'reward')) },
      config: { ...tinyPpo, totalEpisodes: 32 },
      data: { prompts, evalPrompts: [], score: 'model', trueReward: null },
    }),
  );
  return {
    ...curves,
    ppo: pick(improved, [
      'objective/kl',
      'objective/scores',
      'objective/entropy',
      'loss/policy_avg',
      'loss/value_avg',
      'policy/grad_norm',
      'critic/grad_norm',
      'tokens/responses_len_mean',
    ]),
  };
}
