/**
 * Prompt lists. A line of text is one prompt; a JSON row is `{"prompt": text or messages}` or `{"messages": [...]}`,
 * either with optional `"responses": [text, ...]` (2-9 answers that wait to be judged).
 */
import { z } from 'zod';
import { isEmptyPrompt, messagesSchema } from './messages.ts';
import type { Message, ParsedRow, PromptRow } from './parsed-row.ts';

const rowSchema = z
  .object({
    prompt: z.union([z.string(), messagesSchema]).nullish(),
    messages: messagesSchema.nullish(),
    responses: z.array(z.string()).max(9).nullish(),
  })
  .refine((row) => (row.prompt ?? null) !== null || (row.messages ?? null) !== null);

/** Reads one line of text, or one parsed JSON value, of a prompt list. */
export function parsePromptRow(value: unknown): ParsedRow<PromptRow> {
  if (typeof value === 'string') return finish([{ role: 'user', content: value.trim() }], []);
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    return {
      ok: false,
      reason: 'wrong-columns',
      detail:
        'expected {"prompt": text or messages} or {"messages": [...]}, and at most 9 texts in "responses"',
    };
  }
  const given = parsed.data.prompt ?? parsed.data.messages ?? [];
  const prompt: Message[] = typeof given === 'string' ? [{ role: 'user', content: given }] : given;
  return finish(prompt, parsed.data.responses ?? []);
}

function finish(prompt: Message[], responses: string[]): ParsedRow<PromptRow> {
  if (isEmptyPrompt(prompt)) return { ok: false, reason: 'empty-prompt', detail: 'the prompt is empty' };
  const blank = responses.findIndex((response) => response.trim() === '');
  if (blank >= 0) return { ok: false, reason: 'empty-answer', detail: `response ${blank + 1} is empty` };
  if (responses.length > 0 && new Set(responses.map((response) => response.trim())).size < responses.length) {
    return { ok: false, reason: 'identical-pair', detail: 'two of the responses are the same text' };
  }
  return { ok: true, row: { prompt, responses } };
}
