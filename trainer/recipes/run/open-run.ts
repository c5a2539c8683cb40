/**
 * The frame around every recipe's loop, as functions: openRun here, then resumeRun, beginRun, saveRun beside it. The loop
 * itself is the recipe's.
 */
import type { z } from 'zod';
import { type BackendName, chooseBackend } from '../../backends/choose.ts';
import type { runtimeSchema } from '../../config/common.ts';
import type { LoraOptions } from '../../config/lora.ts';
import { definitionOf, type RecipeName } from '../../config/recipes.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { keepTokenizer } from './keep-tokenizer.ts';
import type { RunFolders } from './recipe-args.ts';
import { baseHash, dataHash } from './run-state.ts';

/** What the frame reads of a recipe's config. */
export type RunConfig = { runtime: z.output<ReturnType<typeof runtimeSchema>>; lora?: LoraOptions };

/** What a run is from its first step to its last, resumed or not. */
export type Run = {
  recipe: RecipeName;
  config: RunConfig;
  /** completes the configs of older checkpoints */
  schema: z.ZodType;
  backend: BackendName;
  folders: RunFolders;
  /** hash of everything that it trains on */
  dataSha256: string;
  /** hash of the weights that an adapter is trained on; null where the weights themselves are trained */
  baseSha256: string | null;
};

/**
 * @param args.data everything that the run trains on and measures with: a resumed run must be given the same
 * @throws when an adapter is asked for and there is no model to put it on
 */
export async function openRun(
  recipe: RecipeName,
  args: { config: RunConfig; backend: BackendName; folders: RunFolders; data: unknown },
): Promise<Run> {
  const { config, folders, data } = args;
  const rank = config.lora?.rank ?? null;
  if (rank !== null && folders.model === null)
    throw new Error(
      `lora.rank is ${rank} and there is no model to put an adapter on; expected null or a model`,
    );
  const backend = await chooseBackend(args.backend);
  const baseSha256 = rank === null || folders.model === null ? null : baseHash(folders.model);
  const { schema } = definitionOf(recipe);
  return { recipe, config, schema, backend, folders, dataSha256: dataHash(data), baseSha256 };
}

/**
 * The folder whose weights a run begins or goes on with: its checkpoint's, but for an adapter always those of the base, which
 * stays as it is.
 */
export function weightsFolder({ folders, baseSha256 }: Run, modelFolder: string): string {
  return baseSha256 === null ? (folders.resumeFrom ?? modelFolder) : modelFolder;
}

/** The tokenizer of the model, or of the checkpoint, kept where the run's later checkpoints take it from. */
export function openTokenizer(
  { folders: { resumeFrom, out } }: Run,
  modelFolder: string,
): { tokenizer: Tokenizer; tokenizerFolder: string } {
  const tokenizerFolder = resumeFrom ? keepTokenizer(resumeFrom, out) : modelFolder;
  return { tokenizer: loadTokenizer(tokenizerFolder), tokenizerFolder };
}
