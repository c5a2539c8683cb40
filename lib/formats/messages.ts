import { z } from 'zod';
import type { Message } from './parsed-row.ts';

const messageSchema = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});

/** `[{ role, content }, ...]` with at least one message; other keys of a message are ignored. */
export const messagesSchema = z.array(messageSchema).min(1);

/** True when no message says anything. */
export function isEmptyPrompt(prompt: Message[]): boolean {
  return prompt.every((message) => message.content.trim() === '');
}

/** True when both lists hold the same roles and contents in the same order. */
export function sameMessages(left: Message[], right: Message[]): boolean {
  return (
    left.length === right.length &&
    left.every((message, i) => message.role === right[i]?.role && message.content === right[i]?.content)
  );
}
