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

/**
 * A prompt and the messages that follow it as one conversation. Where these begin with the prompt once more (blanks around
 * it and system messages aside), it stands in it once. null when both have system messages and they are not the same.
 */
export function joinOnce(prompt: Message[], following: Message[]): Message[] | null {
  const isSystem = (message: Message) => message.role === 'system';
  const asked = prompt.filter((message) => !isSystem(message));
  const told = following.filter((message) => !isSystem(message));
  const isRepeated =
    asked.length > 0 &&
    asked.length <= told.length &&
    asked.every(
      ({ role, content }, i) => role === told[i]?.role && content.trim() === told[i]?.content.trim(),
    );
  if (!isRepeated) return [...prompt, ...following];
  const system = prompt.filter(isSystem);
  if (!following.some(isSystem)) return [...system, ...following];
  return system.length === 0 || sameMessages(system, following.filter(isSystem)) ? following : null;
}
