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
