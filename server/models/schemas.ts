import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

export const MODEL_KINDS = ['language-model', 'reward-model'] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

export const generateInput = z.strictObject({
  projectId: inputText().max(64),
  /** one response per checkpoint and repetition: several checkpoints give comparisons between them */
  checkpointIds: z.array(inputText().max(64)).min(1).max(9),
  /** how many prompts of the project, oldest first among those this checkpoint has not answered */
  numPrompts: z.number().int().min(1).max(5000),
  responsesPerPrompt: z.number().int().min(1).max(9),
  temperature: z.number().min(0).max(5),
  maxNewTokens: z.number().int().min(1).max(1024),
  seed: z.number().int().min(0).max(4294967295),
  createTasks: z.boolean(),
});
export type GenerateInput = z.output<typeof generateInput>;

const id = inputText().min(1).max(64);

/** What a model that is added can be; null leaves it to its config.json. */
export const registeredKindSchema = z.enum(['language-model', 'reward-model', 'adapter']);

const sourceSchema = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('hub'),
    name: inputText()
      .max(200)
      .regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, 'expected a name of the hub: organisation/model'),
    /** branch, tag or commit */
    revision: inputText()
      .max(200)
      .regex(/^[A-Za-z0-9][\w./-]*$/, 'expected a branch, a tag or a commit')
      .refine((text) => !text.includes('..'), 'expected a branch, a tag or a commit')
      .default('main'),
  }),
  /** as models.folders lists it */
  z.strictObject({ from: z.literal('folder'), folder: inputText().min(1).max(1000) }),
  /** names of the files that will come, one of them alone may be a zip */
  z.strictObject({ from: z.literal('upload'), files: z.array(inputText().min(1).max(200)).min(1).max(1000) }),
]);

export const modelNameSchema = inputText()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._+-]*$/u, 'expected letters, digits, spaces and . _ + -');

export const addModelInput = z.strictObject({
  projectId: id,
  modelName: modelNameSchema,
  kind: registeredKindSchema.nullable().default(null),
  baseCheckpointId: id.nullable().default(null),
  /** overrides what the model card says */
  licence: inputText().trim().max(100).nullable().default(null),
  source: sourceSchema,
});
export type AddModelInput = z.output<typeof addModelInput>;

export const registrationInput = z.strictObject({ projectId: id, registrationId: id });
export const checkpointInput = z.strictObject({ projectId: id, checkpointId: id });
export const judgmentLineageInput = z.strictObject({ projectId: id, judgmentId: id });

export const MAX_ASKED_MODELS = 4;
export const MAX_ASKED_REWARDS = 2;

/** One prompt for one or several language models, side by side, and for reward models that score the answers. */
export const askInput = z.strictObject({
  projectId: id,
  prompt: inputText().trim().min(1).max(20_000),
  /** somebody's own answer, to be scored beside the models' */
  answer: inputText().trim().max(20_000).nullable().default(null),
  modelIds: z.array(id).max(MAX_ASKED_MODELS),
  rewardIds: z.array(id).max(MAX_ASKED_REWARDS),
  temperature: z.number().min(0).max(5),
  maxNewTokens: z.number().int().min(1).max(256),
  seed: z.number().int().min(0).max(4294967295),
});
export type AskInput = z.output<typeof askInput>;

export const jobInput = z.strictObject({ projectId: id, jobId: id });

/** How far a writing of many responses is. */
export const generateProgressSchema = z.object({
  done: z.number(),
  total: z.number(),
  startedAt: z.number(),
});
export type GenerateProgress = z.output<typeof generateProgressSchema>;
