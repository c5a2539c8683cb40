import { definitionOf, type RecipeName } from '../config/recipes.ts';
import { numParametersIn, numParametersOfNew } from '../model/num-parameters.ts';
import type { RunFolders } from './run/recipe-args.ts';

/** Parameters of the largest model of a run: of those in its folders, and of the one it makes where it is given none. */
export function largestModel(task: {
  recipe: RecipeName;
  config: unknown;
  folders: Pick<RunFolders, 'model' | 'reward'>;
}): number {
  const { model, reward } = task.folders;
  const made = model === null ? definitionOf(task.recipe).newModel?.(task.config) : undefined;
  return Math.max(
    made ? numParametersOfNew(made) : 0,
    ...[model, reward].flatMap((folder) => (folder === null ? [] : numParametersIn(folder))),
  );
}
