export const RECIPES = ['pretrain', 'sft', 'reward', 'ppo'] as const;
export type RecipeName = (typeof RECIPES)[number];
