/** The runs that the memory model of trainer/cost is held to: small and large models, every weight and adapters. */

import { createRng } from '../../lib/rng.ts';
import type { DataSize } from '../../trainer/config/definition.ts';
import type { LoraOptions } from '../../trainer/config/lora.ts';
import { type DataKindOf, definitionOf, parseConfig, type RecipeName } from '../../trainer/config/recipes.ts';
import { charactersPerToken } from '../../trainer/cost/data-size.ts';
import { modelSize } from '../../trainer/cost/model-size.ts';
import { type MemoryBackend, memoryOf } from '../../trainer/cost/run-memory.ts';
import type { DataOf, Message } from '../../trainer/data/types.ts';
import { asRewardModel, type ModelConfig, newModelConfig } from '../../trainer/model/config.ts';
import { toyComparisons, toyPrompts, toySftExamples, toyTexts } from '../../trainer/toy-world/datasets.ts';
import { sampleAnswer } from '../../trainer/toy-world/sample-answer.ts';
import { simulatedAnnotator } from '../../trainer/toy-world/simulated-annotator.ts';

const SEED = 1;
/** Comes before the PPO that is given its result. */
export const TOY_REWARD_MODEL = 'reward model, toy';

export type MemoryWork<R extends RecipeName = RecipeName> = {
  name: string;
  recipe: R;
  /** the bundled one, SmolLM2-135M-Instruct, or one that the recipe makes */
  model: 'toy' | '135M' | null;
  options: Record<string, unknown>;
  data: DataOf[DataKindOf<R>];
};

/** A checkpoint and an evaluation within the run: both are part of what a run holds at its fullest. */
const runtime = { checkpointEvery: 3, evalEvery: 3 };
const lora = { rank: 16 };
const real = { maxLength: 128, batchSize: 16, runtime };

const demonstrations = { examples: toySftExamples(120, SEED) };
const rankings = toyRankings(120);
const prompts: DataOf['prompts'] = {
  prompts: toyPrompts(200, { seed: SEED, split: 'train' }),
  evalPrompts: toyPrompts(64, { seed: SEED, split: 'heldout' }),
  score: 'model',
  trueReward: 'toy-world',
};

const work = <R extends RecipeName>(made: MemoryWork<R>): MemoryWork => made as MemoryWork;

export const MEMORY_WORKS: readonly MemoryWork[] = [
  work({
    name: 'SFT, toy',
    ...{ recipe: 'sft', model: 'toy', data: demonstrations },
    options: { maxLength: 96, batchSize: 16, runtime },
  }),
  work({
    name: TOY_REWARD_MODEL,
    ...{ recipe: 'reward', model: 'toy', data: rankings },
    options: { maxLength: 96, batchSize: 16, normalizeOn: 32, runtime },
  }),
  work({
    name: 'DPO, toy',
    ...{ recipe: 'dpo', model: 'toy', data: rankings },
    options: { maxLength: 96, batchSize: 16, runtime },
  }),
  work({
    name: 'PPO, toy',
    ...{ recipe: 'ppo', model: 'toy', data: prompts },
    options: { totalEpisodes: 384, rolloutBatchSize: 64, responseLength: 32, maxPromptLength: 32, runtime },
  }),
  work({
    name: 'pretraining, 3.7M',
    ...{ recipe: 'pretrain', model: null, data: { texts: toyTexts(4000, SEED) } },
    options: {
      model: {
        ...{ hiddenSize: 192, numLayers: 8, numHeads: 6, numKvHeads: 6, intermediateSize: 512 },
        maxPositions: 256,
      },
      ...{ vocabSize: 768, sequenceLength: 128, batchSize: 8, steps: 6, runtime },
    },
  }),
  work({ name: 'SFT, 135M', recipe: 'sft', model: '135M', data: demonstrations, options: real }),
  work({
    name: 'reward model, 135M, bfloat16',
    ...{ recipe: 'reward', model: '135M', data: rankings },
    options: { ...real, batchSize: 8, normalizeOn: 0, precision: 'bfloat16' },
  }),
  work({
    name: 'DPO, 135M, LoRA 16',
    ...{ recipe: 'dpo', model: '135M', data: rankings },
    options: { ...real, batchSize: 8, lora },
  }),
  work({
    name: 'SFT, 135M, LoRA 16, recomputed',
    ...{ recipe: 'sft', model: '135M', data: demonstrations },
    options: { ...real, lora, recompute: true },
  }),
];

/** SmolLM2-135M-Instruct's shape, for where its folder is not at hand. */
export const SMOLLM2_135M: ModelConfig = newModelConfig({
  ...{ vocabSize: 49152, hiddenSize: 576, intermediateSize: 1536, numLayers: 30 },
  ...{ numHeads: 9, numKvHeads: 3, maxPositions: 8192 },
});

/** What `templateTokens` says of its folder, whose template has a system prompt of its own. */
export const SMOLLM2_AROUND_PROMPT = 28;

/**
 * Bytes that the estimate says, from what it is told before a run: the config, the model's shape, and characters of text.
 * @param aroundPrompt tokens that the model's chat template adds to a prompt
 */
export function estimateOf(
  { recipe, options, data: rows }: MemoryWork,
  {
    model,
    aroundPrompt,
    backend,
  }: { model: ModelConfig | null; aroundPrompt: number; backend: MemoryBackend },
): number {
  const definition = definitionOf(recipe);
  const config = parseConfig(recipe, options) as {
    lora?: LoraOptions;
    recompute?: boolean;
    precision?: 'float32' | 'bfloat16';
  };
  const made = definition.newModel?.(config);
  const start = model ?? (made && newModelConfig(made));
  if (!start) throw new Error(`${recipe} makes no model, and is given none`);
  const own = definition.result.kind === 'reward-model' ? asRewardModel(start) : start;
  const sizes = { start: modelSize(own, config.lora), reward: modelSize(asRewardModel(start)) };
  const { recompute = false, precision = 'float32' } = config;
  const data = dataSize(rows, { perToken: charactersPerToken(start.vocabSize), aroundPrompt });
  return memoryOf(definition.work(config, data), sizes, { recompute, precision, backend });
}

/** As the server tells it from its rows. */
function dataSize(
  data: MemoryWork['data'],
  { perToken, aroundPrompt }: { perToken: number; aroundPrompt: number },
): DataSize {
  const rows = rowsOf(data);
  const tokens = (texts: string[]) =>
    texts.reduce((sum, text) => sum + text.length, 0) / Math.max(1, texts.length) / perToken;
  const responses = rows.flatMap((row) => row.responses);
  return {
    rows: rows.length,
    promptTokens: aroundPrompt + tokens(rows.map(({ prompt }) => JSON.stringify(prompt))),
    responseTokens: tokens(responses),
    responsesPerRow: responses.length / Math.max(1, rows.length),
  };
}

function rowsOf(data: MemoryWork['data']): { prompt: Message[]; responses: string[] }[] {
  if ('prompts' in data) return data.prompts.map(({ prompt }) => ({ prompt, responses: [] }));
  if ('texts' in data) return [];
  const train = data.examples.filter(({ split }) => split === 'train');
  return train.map((row) => ({
    prompt: row.prompt,
    responses: 'responses' in row ? row.responses : [row.completion],
  }));
}

function toyRankings(count: number): DataOf['rankings'] {
  const rng = createRng(SEED, 'memory');
  const asked = [
    ...toyPrompts(0.8 * count, { seed: SEED, split: 'train' }),
    ...toyPrompts(0.2 * count, { seed: SEED, split: 'heldout' }),
  ];
  const tasks = asked.map(({ prompt }) => ({
    prompt,
    responses: [sampleAnswer(prompt, 0.9, rng), sampleAnswer(prompt, 0.2, rng)],
  }));
  const annotator = simulatedAnnotator({ skill: 1, biasToLength: 0, seed: SEED });
  return { examples: toyComparisons(tasks, annotator), referencePrompts: asked.slice(0, 40) };
}
