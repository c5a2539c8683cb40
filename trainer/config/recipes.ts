import type { z } from 'zod';
import type { RecipeDefinition } from './definition.ts';
import { dpoRecipe } from './dpo.ts';
import { ktoRecipe } from './kto.ts';
import { ppoRecipe } from './ppo.ts';
import { pretrainRecipe } from './pretrain.ts';
import { rewardRecipe } from './reward.ts';
import { sftRecipe } from './sft.ts';

export const RECIPES = ['pretrain', 'sft', 'reward', 'ppo', 'dpo', 'kto'] as const;
export type RecipeName = (typeof RECIPES)[number];

/** What each recipe is. */
export const recipes = {
  pretrain: pretrainRecipe,
  sft: sftRecipe,
  reward: rewardRecipe,
  ppo: ppoRecipe,
  dpo: dpoRecipe,
  kto: ktoRecipe,
} as const satisfies Record<RecipeName, RecipeDefinition>;

export type ConfigOf<R extends RecipeName> = z.output<(typeof recipes)[R]['schema']>;
export type DataKindOf<R extends RecipeName> = (typeof recipes)[R]['data'];

/** What a recipe is, whichever it is. */
export function definitionOf(recipe: RecipeName): RecipeDefinition {
  return recipes[recipe];
}

/** The kind of data that a recipe trains on. */
export function dataKindOf<R extends RecipeName>(recipe: R): DataKindOf<R> {
  return recipes[recipe].data;
}

/** A recipe's options with its defaults filled in. Throws ZodError naming each wrong field. */
export function parseConfig<R extends RecipeName>(recipe: R, config: unknown): ConfigOf<R> {
  return recipes[recipe].schema.parse(config) as ConfigOf<R>;
}
