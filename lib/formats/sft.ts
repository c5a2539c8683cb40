/**
 * Rows to imitate: `{"prompt", "completion"}` (text or messages), `{"messages": [...]}` whose last message is the
 * assistant's (both from trl docs/source/dataset_formats.md), or Alpaca's `{"instruction", "input"?, "output"}`.
 */
import { z } from 'zod';
import { isEmptyPrompt, messagesSchema } from './messages.ts';
import type { Message, ParsedRow, SftRow } from './parsed-row.ts';

const textOrMessages = z.union([z.string(), messagesSchema]);
const rowSchema = z.union([
  z.object({ prompt: textOrMessages, completion: textOrMessages }),
  z.object({ messages: messagesSchema }),
  z.object({ instruction: z.string(), input: z.string().nullish(), output: z.string() }),
]);

/** Reads one parsed JSON value of a fine-tuning file. */
export function parseSftRow(value: unknown): ParsedRow<SftRow> {
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    return {
      ok: false,
      reason: 'wrong-columns',
      detail: 'expected {"prompt", "completion"}, {"messages"} or {"instruction", "input"?, "output"}',
    };
  }
  const row = parsed.data;
  if ('instruction' in row) {
    const input = (row.input ?? '').trim();
    const content = input === '' ? row.instruction : `${row.instruction}\n\n${input}`;
    return finish([{ role: 'user', content }], row.output);
  }
  const messages = 'messages' in row ? row.messages : join(row.prompt, row.completion);
  const last = messages.at(-1);
  if (last?.role !== 'assistant') {
    return { ok: false, reason: 'bad-transcript', detail: 'the last message must be from the assistant' };
  }
  return finish(messages.slice(0, -1), last.content);
}

function join(prompt: string | Message[], completion: string | Message[]): Message[] {
  const before: Message[] = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
  const after: Message[] =
    typeof completion === 'string' ? [{ role: 'assistant', content: completion }] : completion;
  return [...before, ...after];
}

function finish(prompt: Message[], completion: string): ParsedRow<SftRow> {
  if (isEmptyPrompt(prompt)) return { ok: false, reason: 'empty-prompt', detail: 'the prompt is empty' };
  if (completion.trim() === '') return { ok: false, reason: 'empty-answer', detail: 'the answer is empty' };
  return { ok: true, row: { prompt, completion } };
}
