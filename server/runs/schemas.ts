import { z } from 'zod';
import { inputText, inputValues } from '../../lib/well-formed.ts';
import { ppoSchema } from '../../trainer/config/ppo.ts';
import { pretrainSchema } from '../../trainer/config/pretrain.ts';
import { RECIPES, type RecipeName } from '../../trainer/config/recipes.ts';
import { rewardSchema } from '../../trainer/config/reward.ts';
import { sftSchema } from '../../trainer/config/sft.ts';

export { RECIPES, type RecipeName };

/** The trainer's own schema of each recipe: the run form is made from it and the server parses with it. */
export const recipeSchemas = {
  pretrain: pretrainSchema,
  sft: sftSchema,
  reward: rewardSchema,
  ppo: ppoSchema,
} as const satisfies Record<RecipeName, z.ZodType>;

/** What each recipe starts from, besides its config. */
export const recipeInputs = {
  pretrain: { model: false, snapshot: false, rewardModel: false, result: 'language-model' },
  sft: { model: true, snapshot: true, rewardModel: false, result: 'language-model' },
  reward: { model: true, snapshot: true, rewardModel: false, result: 'reward-model' },
  ppo: { model: true, snapshot: false, rewardModel: true, result: 'language-model' },
} as const satisfies Record<
  RecipeName,
  { model: boolean; snapshot: boolean; rewardModel: boolean; result: 'language-model' | 'reward-model' }
>;

export const recipeDescriptions: Record<RecipeName, string> = {
  pretrain: 'Trains a new small model on the plain text of this project’s imported prompts and answers.',
  sft: 'Teaches a model to imitate the best-ranked answers of a snapshot.',
  reward: 'Fits a model that scores answers as the judgments of a snapshot rank them.',
  ppo: 'Improves a model against a reward model, held near its start by a KL penalty.',
};

const id = inputText().min(1).max(64);

export const startRunInput = z.strictObject({
  projectId: id,
  recipe: z.enum(RECIPES),
  name: inputText().trim().max(120).default(''),
  /** parsed by the recipe's own schema */
  config: inputValues().default({}),
  modelCheckpointId: id.nullable().default(null),
  rewardCheckpointId: id.nullable().default(null),
  snapshotId: id.nullable().default(null),
});
export type StartRunInput = z.output<typeof startRunInput>;

/** One issue of a config: the path of the field and what was expected. */
export type ConfigIssue = { path: string; message: string };

/** Parses a recipe's config; on failure every problem with the path of its field. */
export function parseRecipeConfig(
  recipe: RecipeName,
  config: unknown,
): { ok: true; config: Record<string, unknown> } | { ok: false; issues: ConfigIssue[] } {
  const parsed = recipeSchemas[recipe].safeParse(config);
  if (parsed.success) return { ok: true, config: parsed.data };
  return {
    ok: false,
    issues: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  };
}

export const FINISHED_STATUSES = ['succeeded', 'failed', 'cancelled'] as const;
export function isFinished(status: string): boolean {
  return (FINISHED_STATUSES as readonly string[]).includes(status);
}

export const estimateInput = startRunInput.omit({ name: true });
export type EstimateInput = z.output<typeof estimateInput>;

/** Where a follower starts who has read metrics and events up to these ids; samples are told of from the start. */
export function followCursor({ metricId, eventId }: { metricId: number; eventId: number }): string {
  return `${metricId}.0.${eventId}`;
}
