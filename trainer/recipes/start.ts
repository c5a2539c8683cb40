/** The one door to the recipes, for the command line and the worker. */
import { chooseBackend } from '../backends/choose.ts';
import { sizeNativeThreads } from '../backends/native-threads.ts';
import type { RecipeName } from '../config/recipes.ts';
import type { TrainEvent } from '../events.ts';
import { largestModel } from './largest-model.ts';
import type { RecipeArgs } from './run/recipe-args.ts';
import { runBackend } from './run/run-state.ts';

/** A run as plain data: it can be sent to another process unless a reward in it is a function. */
export type RecipeTask<R extends RecipeName = RecipeName> = Omit<RecipeArgs<R>, 'backend' | 'signal'> & {
  recipe: R;
  /** the backend asked for; null: that of the checkpoint that the run goes on from, otherwise the default */
  backend: string | null;
};

type Recipe<R extends RecipeName> = (args: RecipeArgs<R>) => AsyncGenerator<TrainEvent>;

/** Each is loaded when its first run comes. */
const RECIPE_OF: { [R in RecipeName]: () => Promise<Recipe<R>> } = {
  pretrain: async () => (await import('./pretrain/recipe.ts')).pretrain,
  sft: async () => (await import('./sft/recipe.ts')).sft,
  reward: async () => (await import('./reward/recipe.ts')).reward,
  ppo: async () => (await import('./ppo/recipe.ts')).ppo,
  dpo: async () => (await import('./dpo/recipe.ts')).dpo,
  kto: async () => (await import('./kto/recipe.ts')).kto,
};

/** Runs a task on the backend that it asks for and yields the recipe's events. `signal` ends it after the running step. */
export async function* startRecipe<R extends RecipeName>(
  task: RecipeTask<R>,
  signal: AbortSignal,
): AsyncGenerator<TrainEvent> {
  const { recipe, config, folders, data } = task;
  sizeNativeThreads(largestModel(task));
  const backend = await chooseBackend(runBackend(task.backend ?? undefined, folders.resumeFrom));
  const start: Recipe<R> = await RECIPE_OF[recipe]();
  yield* start({ config, backend, folders, data, signal });
}
