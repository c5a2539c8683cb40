import type { z } from 'zod';
import type { DataKind } from '../data/types.ts';

/** A named set of options: what differs from the defaults of the schema, and why. */
export type Preset<Config> = { reason: string; config: Config };

/** One chart of a run: which logged names it draws and what a good curve looks like. */
export type Chart = {
  title: string;
  /** one sentence */
  good: string;
  series: { name: string; label: string }[];
};

/** A figure that a finished run is known by. */
export type Headline = {
  /** in the run's summary */
  name: string;
  label: string;
  unit: 'share' | 'number';
  /** the same figure before the run */
  before?: string;
  /** ends of its 95 % interval, and how many of what it was measured on, in the summary */
  interval?: { low: string; high: string; count: string };
  /** what simple rules score on the same data, by name in the summary */
  baselines?: Record<string, string>;
};

/**
 * Whether a language model is what a run starts from. `required`: it must be given one; `or-new`: where it is given none, the
 * recipe makes one; `or-base`: where the command line is given none, a small one is pretrained on the same rows first.
 */
export type ModelNeed = 'required' | 'or-new' | 'or-base';

/** Sizes of a model that a recipe makes itself. */
export type NewModel = {
  vocabSize: number;
  hiddenSize: number;
  numLayers: number;
  numHeads: number;
  numKvHeads: number;
  intermediateSize: number;
  maxPositions: number;
};

/** How much data a run has, as far as it is known before it starts; tokens are means. */
export type DataSize = {
  rows: number;
  promptTokens: number;
  responseTokens: number;
  responsesPerRow: number;
};

/** One way through a model in a step. */
export type Pass = {
  /** of the size of the model that the run starts from or makes, or of its reward model */
  model: 'start' | 'reward';
  kind: 'train' | 'forward' | 'generate';
  /** in the model at once */
  tokens: number;
  /** how many of them get logits over the vocabulary */
  logits: number;
  /** in one step */
  times: number;
  /** batches in the run that each have a shape of their own, as packed ones do, apart from the steps'; absent = 0 */
  shapes?: number;
};

/** What a run does: its steps, the models in its memory, and the passes of one step. */
export type Work = {
  steps: number;
  models: readonly { model: Pass['model']; isTrained: boolean }[];
  passes: readonly Pass[];
};

/** What a recipe is, as data: everything that pages, command line and server show and check is derived from it. */
export type RecipeDefinition<Schema extends z.ZodType = z.ZodType> = {
  title: string;
  /** one sentence: what it does to a model */
  description: string;
  schema: Schema;
  presets: Record<string, Preset<z.input<Schema>>>;
  startsFrom: {
    model: { need: ModelNeed; hint: string };
    /** null: it has none */
    rewardModel: { hint: string } | null;
  };
  /** what it trains on */
  data: DataKind;
  /** how many prompts it samples answers to beside the data it is fitted to; absent = none */
  numReferencePrompts?(config: z.output<Schema>): number;
  /** the model that it makes where it is given none; absent where it must be given one */
  newModel?(config: z.output<Schema>): NewModel;
  /** time, memory and arithmetic are told from this before a run starts (trainer/cost) */
  work(config: z.output<Schema>, data: DataSize): Work;
  /** what comes out, and what the name of the model it started from gets at its end */
  result: { kind: 'language-model' | 'reward-model'; suffix: string };
  /** heading of docs/metrics.md that defines the figures of its charts */
  metrics: string;
  /** in reading order; those of a run that logs none of their figures are left out */
  charts: readonly Chart[];
  /** figures beside a progress bar, by their logged name */
  progress: Record<string, string>;
  /** the first of these that a summary has */
  headlines: readonly Headline[];
  /** labels of a summary's figures in reading order; others come after them under their own names */
  summary: Record<string, string>;
};
