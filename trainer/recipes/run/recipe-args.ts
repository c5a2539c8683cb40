import type { BackendName } from '../../backends/choose.ts';

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

/** What every recipe is given, beside its data. */
export type RecipeArgs<Config> = {
  config: Config;
  backend: BackendName;
  /** Hugging Face folder of the model that the recipe starts from, with its tokenizer */
  modelFolder: string;
  /** receives checkpoint-<step> folders and `final` */
  outFolder: string;
  /** a checkpoint folder of an earlier, unfinished run with the same config and data; null starts afresh */
  resumeFrom: string | null;
  /** aborted: the running step ends, an 'interrupted' checkpoint is written, `done` says stopped */
  signal: AbortSignal;
};
