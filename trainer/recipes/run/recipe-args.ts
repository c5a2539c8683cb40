import type { BackendName } from '../../backends/choose.ts';

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
