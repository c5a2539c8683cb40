import type { BackendName } from '../../backends/choose.ts';
import type { ConfigOf, DataKindOf, RecipeName } from '../../config/recipes.ts';
import type { DataOf } from '../../data/types.ts';

/** Folders of a run; models are in Hugging Face's layout, with their tokenizer. */
export type RunFolders = {
  /** the model that the run starts from; null: it makes a new one */
  model: string | null;
  /** the reward model; null where the recipe has none */
  reward: string | null;
  /** receives checkpoint-<step> folders and `final` */
  out: string;
  /** a checkpoint folder of an earlier, unfinished run with the same config and data; null starts afresh */
  resumeFrom: string | null;
};

/** What every recipe is given. */
export type RecipeArgs<R extends RecipeName> = {
  config: ConfigOf<R>;
  backend: BackendName;
  folders: RunFolders;
  data: DataOf[DataKindOf<R>];
  /** aborted: the running step ends, an 'interrupted' checkpoint is written, `done` says stopped */
  signal: AbortSignal;
};

/** A folder that the recipe cannot do without. @throws when the task names none */
export function requireFolder(folders: RunFolders, name: 'model' | 'reward'): string {
  const folder = folders[name];
  if (folder === null) throw new Error(`the task names no ${name} folder, and its recipe needs one`);
  return folder;
}
