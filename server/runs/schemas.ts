import { z } from 'zod';
import { inputText, inputValues } from '../../lib/well-formed.ts';
import { definitionOf, RECIPES, type RecipeName } from '../../trainer/config/recipes.ts';
import type { DataKind } from '../../trainer/data/types.ts';

export { RECIPES, type RecipeName };

/** Where a project has each kind of data: in a snapshot of its judgments, or in what was imported. */
export const DATA_SOURCES: Record<DataKind, { isSnapshot: boolean; description: string }> = {
  texts: { isSnapshot: false, description: 'The imported prompts and answers of this project.' },
  demonstrations: { isSnapshot: true, description: 'The best-ranked answers of a snapshot.' },
  rankings: { isSnapshot: true, description: 'The judgments of a snapshot.' },
  unpaired: { isSnapshot: true, description: 'What the judgments of a snapshot say of single answers.' },
  prompts: { isSnapshot: false, description: 'The prompts of this project.' },
};

export type InputNeed = 'required' | 'optional' | 'none';
export type InputNeeds = { model: InputNeed; rewardModel: InputNeed; snapshot: InputNeed };

/** What a run of the recipe is given, besides its config. */
export function recipeInputs(recipe: RecipeName): InputNeeds {
  const { startsFrom, newModel, data } = definitionOf(recipe);
  return {
    model: newModel ? 'optional' : 'required',
    rewardModel: startsFrom.rewardModel ? 'required' : 'none',
    snapshot: DATA_SOURCES[data].isSnapshot ? 'required' : 'none',
  };
}

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
  const parsed = definitionOf(recipe).schema.safeParse(config);
  if (parsed.success) return { ok: true, config: parsed.data as Record<string, unknown> };
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

export const RUN_SORTS = ['newest', 'oldest', 'name', 'highest-result', 'lowest-result'] as const;
export type RunSort = (typeof RUN_SORTS)[number];
export const RUN_STATES = ['queued', 'running', 'paused', ...FINISHED_STATUSES] as const;

export const listRunsInput = z.object({
  projectId: id,
  cursor: inputText().max(400).nullish(),
  limit: z.number().int().min(1).max(200).optional(),
  sort: z.enum(RUN_SORTS).optional(),
  search: inputText().trim().max(200).optional(),
  recipe: z.enum(RECIPES).optional(),
  status: z.enum(RUN_STATES).optional(),
  tag: inputText().trim().max(40).optional(),
});
export type ListRunsInput = z.output<typeof listRunsInput>;

export const MAX_TAGS = 12;
/** What people write beside a run; what is left out stays as it is. */
export const editRunInput = z.strictObject({
  projectId: id,
  runId: id,
  name: inputText().trim().min(1).max(120).optional(),
  notes: inputText().max(10_000).optional(),
  tags: z
    .array(
      inputText()
        .trim()
        .min(1)
        .max(40)
        .refine((tag) => !tag.includes(','), 'a tag has no comma in it'),
    )
    .max(MAX_TAGS)
    .transform((tags) => [...new Set(tags)])
    .optional(),
});
export type EditRunInput = z.output<typeof editRunInput>;

/** More curves than this on one chart are not told apart. */
export const MAX_COMPARED = 12;
