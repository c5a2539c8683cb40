/**
 * The runs whose curves are kept in golden/, one of each recipe. A refactor must reproduce them; a change of behaviour writes them
 * anew in its own commit: `npx tsx tests/trainer/write-golden.ts` (cpu backend, the oracle).
 */
import { join } from 'node:path';
import type { BackendName } from '../../trainer/backends/choose.ts';
import type { RecipeName } from '../../trainer/config/recipes.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { conformance, RECIPE_ROWS, startTiny, type TinyWorld } from './conformance.ts';
import { collect, curve, finalFolder, writeTinyModel } from './tiny-world.ts';

/** By metric. */
export type Curves = Record<string, number[]>;

/**
 * The curves of each recipe. `stopAfter` ends each run after so many steps and leaves out those that need a reward model, which is
 * that of a whole run: for the slow oracle.
 */
export async function runGolden(
  folder: string,
  backend: BackendName,
  stopAfter?: number,
): Promise<Partial<Record<RecipeName, Curves>>> {
  const model = await writeTinyModel(join(folder, 'base'));
  const world: TinyWorld = { model, reward: finalFolder(join(folder, 'reward')) };
  const needsReward = (recipe: RecipeName) => conformance[recipe].needs.includes('reward');
  // those that make what others need come first
  const inOrder = [...RECIPE_ROWS].sort((a, b) => Number(needsReward(a)) - Number(needsReward(b)));
  const curves: Partial<Record<RecipeName, Curves>> = {};
  for (const recipe of inOrder) {
    if (stopAfter !== undefined && needsReward(recipe)) continue;
    curves[recipe] = await goldenCurves(recipe, { world, backend, out: join(folder, recipe), stopAfter });
  }
  return curves;
}

/** The golden run of one recipe. */
export async function goldenCurves<R extends RecipeName>(
  recipe: R,
  run: { world: TinyWorld; backend: BackendName; out: string; stopAfter?: number },
): Promise<Curves> {
  const { metrics, ...changes } = conformance[recipe].golden;
  const controller = new AbortController();
  const when = (event: TrainEvent) => event.type === 'step' && event.step === run.stopAfter;
  const events = await collect(startTiny(recipe, { ...run, ...changes, signal: controller.signal }), {
    controller,
    when,
  });
  return Object.fromEntries(metrics.map((name) => [name, curve(events, name)]));
}
