/**
 * What every recipe is held to, one row each: golden.test, resume.test, kill-simd.test, kill-native.test, guards.test, overfit-and-leak.test,
 * lora-recipes.test and gpt2-recipes.test read this table, on simd and native. A recipe without a row does not compile; where one of
 * the tests means nothing for it, its row says why.
 */
import { join } from 'node:path';
import type { ConfigOf, DataKindOf, RecipeName } from '../../trainer/config/recipes.ts';
import type { DataOf } from '../../trainer/data/types.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { startRecipe } from '../../trainer/recipes/start.ts';
import { tinyDpo, tinyKto, tinyLora, tinyPpo, tinyPretrain, tinyReward, tinySft } from './tiny-configs.ts';
import {
  collect,
  finalFolder,
  foldersOf,
  prompts,
  rankedExamples,
  rankings,
  sftExamples,
  texts,
  writeTinyModel,
} from './tiny-world.ts';

/** What a run is given, where it differs from the row's tiny run. */
type Changes<R extends RecipeName> = {
  config?: ConfigOf<R>;
  data?: DataOf[DataKindOf<R>];
  needs?: readonly ('model' | 'reward')[];
};
/** A run that must end in an error. */
type Refused<R extends RecipeName> = Changes<R> & { message: RegExp | string };
type Not = { not: string };

type Conformance<R extends RecipeName> = {
  /** the tiny run: ten steps, an evaluation and a checkpoint after the fifth */
  config: ConfigOf<R>;
  data: DataOf[DataKindOf<R>];
  /** folders of the tiny world that it is given */
  needs: readonly ('model' | 'reward')[];
  /** a shorter run, if any, and the metrics of its steps whose curves are kept in golden/ */
  golden: Changes<R> & { metrics: readonly string[] };
  /** rows that are not those of the tiny run: its checkpoints must not go on with them */
  otherData: DataOf[DataKindOf<R>];
  /** arguments of a run of about thirty steps; `data` has the files of kills.ts, `reward` is what the reward recipe left */
  kill: (paths: { data: string; bundled: string; reward: string }) => Record<string, string>;
  /** without answers at evaluations but for sft: each life of a process on native would trace two steps more */
  killConfig: Record<string, string | number>;
  /** a learning rate that makes a figure of some step infinite or not a number */
  explodes: ConfigOf<R>;
  /** rows longer than the 64 positions of the tiny model */
  tooLong: Refused<R>;
  /** nothing to train on */
  nothing: Refused<R>;
  /** with an adapter; and the weights that change beside those of the attention layers */
  lora: (Changes<R> & { config: ConfigOf<R>; changesBeside: readonly string[] }) | Not;
  /** the golden run on a GPT-2: what its final folder is */
  gpt2: (Pick<Changes<R>, 'needs'> & { architecture: string }) | Not;
};

const exploding = { learningRate: 1e30, schedule: 'constant' } as const;
const longPrompt = [{ role: 'user' as const, content: 'cat dog sun tree '.repeat(30) }];

const ppoData: DataOf['prompts'] = {
  prompts,
  evalPrompts: prompts,
  score: 'model',
  trueReward: (_, response) => response.length,
};

/** The best and the worst answer of each ranking, with a label of its own. */
const unpaired: DataOf['unpaired'] = {
  examples: rankedExamples.flatMap(({ id, prompt, responses, split }) =>
    [0, 2].map((i) => ({
      id: `${id}-${i}`,
      prompt,
      completion: responses[i] as string,
      isDesirable: i === 0,
      split,
    })),
  ),
};

export const conformance: { [R in RecipeName]: Conformance<R> } = {
  pretrain: {
    config: tinyPretrain,
    data: { texts },
    needs: [],
    golden: { metrics: ['loss', 'grad_norm'] },
    otherData: { texts: texts.slice(1) },
    kill: ({ data }) => ({ data: join(data, 'texts.jsonl') }),
    killConfig: {
      ...{ steps: 30, vocabSize: 300, batchSize: 8, sequenceLength: 32, 'model.maxPositions': 64 },
      ...{ 'model.hiddenSize': 32, 'model.numLayers': 2, 'model.numHeads': 2, 'model.numKvHeads': 1 },
      'model.intermediateSize': 64,
      samplePrompts: 0,
    },
    explodes: { ...tinyPretrain, optimizer: { ...tinyPretrain.optimizer, ...exploding } },
    tooLong: {
      config: { ...tinyPretrain, sequenceLength: 65 },
      message: 'sequenceLength 65 is more than model.maxPositions 64',
    },
    nothing: {
      data: { texts: texts.slice(0, 3) },
      message: /the texts are \d+ tokens; at least 340 are needed/,
    },
    // continued pretraining: a new model has no base, and is a Llama
    lora: { config: { ...tinyPretrain, lora: tinyLora }, needs: ['model'], changesBeside: [] },
    gpt2: { needs: ['model'], architecture: 'GPT2LMHeadModel' },
  },
  sft: {
    config: tinySft,
    data: { examples: sftExamples },
    needs: ['model'],
    golden: { metrics: ['loss', 'grad_norm'] },
    otherData: { examples: sftExamples.slice(1) },
    kill: ({ data, bundled }) => ({ model: bundled, data: join(data, 'answers.jsonl') }),
    killConfig: { batchSize: 4, epochs: 4, samplePrompts: 2, sampleTokens: 4 },
    explodes: { ...tinySft, optimizer: { ...tinySft.optimizer, ...exploding } },
    tooLong: {
      config: { ...tinySft, maxLength: 500 },
      data: { examples: [{ prompt: longPrompt, completion: 'The cat.', split: 'train' }] },
      message: /base has 64 positions and the longest row takes \d+ tokens: lower maxLength 500/,
    },
    nothing: {
      config: { ...tinySft, maxLength: 5 },
      message: 'no examples to train on: of 8, 7 are longer than maxLength 5 and 1 are held out',
    },
    lora: { config: { ...tinySft, lora: tinyLora }, changesBeside: [] },
    gpt2: { architecture: 'GPT2LMHeadModel' },
  },
  reward: {
    config: tinyReward,
    data: rankings,
    needs: ['model'],
    golden: { metrics: ['loss', 'grad_norm', 'accuracy', 'mean_reward'] },
    otherData: { ...rankings, examples: rankedExamples.slice(1) },
    kill: ({ data, bundled }) => ({ model: bundled, data: join(data, 'pairs.jsonl') }),
    killConfig: { batchSize: 4, epochs: 4, normalizeOn: 8 },
    explodes: { ...tinyReward, optimizer: { ...tinyReward.optimizer, ...exploding } },
    tooLong: {
      config: { ...tinyReward, maxLength: 500 },
      data: {
        ...rankings,
        examples: rankedExamples.map((example) => ({ ...example, prompt: longPrompt })),
      },
      message: /base has 64 positions and the longest row takes \d+ tokens: lower maxLength 500/,
    },
    nothing: {
      config: { ...tinyReward, useTies: false },
      data: { ...rankings, examples: rankedExamples.map((example) => ({ ...example, ranks: [0, 0, 0] })) },
      message: 'no examples to train on: of 24, ',
    },
    lora: { config: { ...tinyReward, lora: tinyLora, normalizeOn: 0 }, changesBeside: ['score.weight'] },
    gpt2: { architecture: 'GPT2ForSequenceClassification' },
  },
  ppo: {
    config: tinyPpo,
    data: ppoData,
    needs: ['model', 'reward'],
    golden: {
      config: { ...tinyPpo, totalEpisodes: 32 },
      data: { ...ppoData, evalPrompts: [], trueReward: null },
      metrics: [
        'objective/kl',
        'objective/scores',
        'objective/entropy',
        'loss/policy_avg',
        'loss/value_avg',
        'policy/grad_norm',
        'critic/grad_norm',
        'tokens/responses_len_mean',
      ],
    },
    otherData: { ...ppoData, prompts: prompts.slice(1) },
    kill: ({ data, bundled, reward }) => ({ model: bundled, data: join(data, 'prompts.jsonl'), reward }),
    killConfig: {
      ...{ totalEpisodes: 120, rolloutBatchSize: 4, responseLength: 6 },
      ...{ numMinibatches: 1, numPpoEpochs: 1 },
    },
    explodes: { ...tinyPpo, policyOptimizer: { ...tinyPpo.policyOptimizer, ...exploding } },
    tooLong: {
      config: { ...tinyPpo, maxPromptLength: 500 },
      data: { ...ppoData, prompts: [{ id: 'long', prompt: longPrompt }] },
      message:
        /base has 64 positions and the longest row takes \d+ tokens: lower maxPromptLength 500 or responseLength 12/,
    },
    nothing: { config: { ...tinyPpo, maxPromptLength: 2 }, message: 'no examples to train on: none of 8' },
    lora: { config: { ...tinyPpo, lora: tinyLora }, changesBeside: [] },
    gpt2: { architecture: 'GPT2LMHeadModel' },
  },
  dpo: {
    config: tinyDpo,
    data: rankings,
    needs: ['model'],
    golden: { metrics: ['loss', 'grad_norm', 'rewards/margins', 'logps/chosen_change'] },
    otherData: { ...rankings, examples: rankedExamples.slice(1) },
    kill: ({ data, bundled }) => ({ model: bundled, data: join(data, 'pairs.jsonl') }),
    killConfig: { batchSize: 4, epochs: 4, samplePrompts: 0 },
    explodes: { ...tinyDpo, optimizer: { ...tinyDpo.optimizer, ...exploding } },
    tooLong: {
      config: { ...tinyDpo, maxLength: 500 },
      data: {
        ...rankings,
        examples: rankedExamples.map((example) => ({ ...example, prompt: longPrompt })),
      },
      message: /base has 64 positions and the longest row takes \d+ tokens: lower maxLength 500/,
    },
    nothing: {
      data: { ...rankings, examples: rankedExamples.map((example) => ({ ...example, ranks: [0, 0, 0] })) },
      message: 'no examples to train on: of 24, ',
    },
    lora: { config: { ...tinyDpo, lora: tinyLora }, changesBeside: [] },
    gpt2: { architecture: 'GPT2LMHeadModel' },
  },
  kto: {
    config: tinyKto,
    data: unpaired,
    needs: ['model'],
    golden: { metrics: ['loss', 'grad_norm', 'rewards/margins', 'kl'] },
    otherData: { examples: unpaired.examples.slice(1) },
    kill: ({ data, bundled }) => ({ model: bundled, data: join(data, 'labels.jsonl') }),
    killConfig: { batchSize: 4, epochs: 4, samplePrompts: 0 },
    explodes: { ...tinyKto, optimizer: { ...tinyKto.optimizer, ...exploding } },
    tooLong: {
      config: { ...tinyKto, maxLength: 500 },
      data: { examples: unpaired.examples.map((example) => ({ ...example, prompt: longPrompt })) },
      message: /base has 64 positions and the longest row takes \d+ tokens: lower maxLength 500/,
    },
    nothing: {
      config: { ...tinyKto, maxLength: 8 },
      message: 'no examples to train on: of 48, ',
    },
    lora: { config: { ...tinyKto, lora: tinyLora }, changesBeside: [] },
    gpt2: { architecture: 'GPT2LMHeadModel' },
  },
};

export const RECIPE_ROWS = Object.keys(conformance) as RecipeName[];

/** Recipes that a column means something for. */
export function recipesWith(column: 'lora' | 'gpt2'): RecipeName[] {
  return RECIPE_ROWS.filter((recipe) => !('not' in conformance[recipe][column]));
}

/** Folders that tiny runs start from; those that a recipe does not need are passed over. */
export type TinyWorld = { model: string; reward: string | null };

/**
 * An untrained model `base` and, where asked for, a reward model fitted to it on this backend.
 * @param options.reward a folder for it; null for tests of recipes that need none
 */
export async function makeTinyWorld(
  folder: string,
  options: { backend: string; family?: 'llama' | 'gpt2'; reward: string | null },
): Promise<TinyWorld> {
  const { backend, family, reward: out } = options;
  const model = await writeTinyModel(join(folder, 'base'), family);
  if (out === null) return { model, reward: null };
  const { config, data } = conformance.reward;
  const task = { recipe: 'reward', backend, config, data, folders: foldersOf({ model, out }) } as const;
  await collect(startRecipe(task, new AbortController().signal));
  return { model, reward: finalFolder(out) };
}

/** The tiny run of a recipe, with what is changed about it. */
export function startTiny<R extends RecipeName>(
  recipe: R,
  run: Changes<R> & {
    world: TinyWorld;
    backend: string;
    out: string;
    resumeFrom?: string | null;
    signal?: AbortSignal;
  },
): AsyncGenerator<TrainEvent> {
  const row: Conformance<R> = conformance[recipe];
  const { config = row.config, data = row.data, needs = row.needs } = run;
  const { world, backend, out, resumeFrom = null } = run;
  const folders = foldersOf({
    ...{ out, resumeFrom },
    model: needs.includes('model') ? world.model : null,
    reward: needs.includes('reward') ? world.reward : null,
  });
  return startRecipe({ recipe, backend, config, data, folders }, run.signal ?? new AbortController().signal);
}
