import { z } from 'zod';
// types only: this file is also read by pages
import type { Sampling } from '../../db/schema/prompts.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

export const listPromptsInput = z.object({
  projectId: id,
  /** part of any message, upper and lower case alike */
  search: inputText().trim().max(200).default(''),
  split: z.enum(['train', 'heldout']).nullish(),
  cursor: id.nullish(),
  limit: z.number().int().min(1).max(200).default(50),
});
export const getPromptInput = z.object({ projectId: id, promptId: id });

export type ListPromptsInput = z.infer<typeof listPromptsInput>;
export type GetPromptInput = z.infer<typeof getPromptInput>;

export type PromptSummary = {
  promptId: string;
  /** the last message, cut */
  excerpt: string;
  numMessages: number;
  numResponses: number;
  numTasks: number;
  split: 'train' | 'heldout';
  createdAt: number;
};
export type PromptDetail = {
  promptId: string;
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[];
  split: 'train' | 'heldout';
  responses: {
    responseId: string;
    content: string;
    origin: 'imported' | 'generated';
    checkpointId: string | null;
    sampling: Sampling | null;
  }[];
};
