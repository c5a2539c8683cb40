import { z } from 'zod';
// types only: this file is also read by pages
import type { Sampling } from '../../db/schema/prompts.ts';
import type { JsonValue } from '../../lib/formats/parsed-row.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

export const listPromptsInput = z.object({
  projectId: id,
  /** part of any message, upper and lower case alike */
  search: inputText().trim().max(200).default(''),
  split: z.enum(['train', 'heldout']).nullish(),
  tag: inputText().min(1).max(500).nullish(),
  /** a column that came with the prompt, and what it says there, as text */
  metadata: z.object({ key: inputText().min(1).max(500), value: inputText().max(2000) }).nullish(),
  /** the import that brought it */
  importId: id.nullish(),
  cursor: id.nullish(),
  limit: z.number().int().min(1).max(200).default(50),
});
export const getPromptInput = z.object({ projectId: id, promptId: id });

export type ListPromptsInput = z.infer<typeof listPromptsInput>;
export type GetPromptInput = z.infer<typeof getPromptInput>;

export type PromptSummary = {
  promptId: string;
  /** the last message, cut; in a search the place that was found */
  excerpt: string;
  /** the message in which that is, counted from 1; null without a search, and where only the file's name for it matched */
  foundInTurn: number | null;
  numMessages: number;
  numResponses: number;
  numTasks: number;
  split: 'train' | 'heldout';
  tags: string[];
  createdAt: number;
};
export type PromptDetail = {
  promptId: string;
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[];
  split: 'train' | 'heldout';
  /** what the file calls it */
  externalId: string | null;
  tags: string[];
  metadata: Record<string, JsonValue>;
  /** the import that brought it, and the name of its file */
  importId: string | null;
  fileName: string | null;
  contentHash: string;
  createdAt: number;
  /** its text and its responses are gone since then */
  erasedAt: number | null;
  /** tasks that ask about it, the first 200 */
  taskIds: string[];
  responses: {
    responseId: string;
    content: string;
    origin: 'imported' | 'generated';
    checkpointId: string | null;
    /** imported ones: the model's name in the file */
    model: string | null;
    sampling: Sampling | null;
    erasedAt: number | null;
  }[];
};
