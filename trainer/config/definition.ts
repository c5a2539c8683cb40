import type { z } from 'zod';
import type { DataKind } from '../data/types.ts';

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

/** What a recipe is, as data: everything that pages, command line and server show and check is derived from it. */
export type RecipeDefinition<Schema extends z.ZodType = z.ZodType> = {
  schema: Schema;
  /** what it trains on */
  data: DataKind;
  /** the model that it makes where it is given none; absent where it must be given one */
  newModel?(config: z.output<Schema>): NewModel;
  /** how many prompts it samples answers to beside the data it is fitted to; absent = none */
  numReferencePrompts?(config: z.output<Schema>): number;
};
