/**
 * TRL preference rows in all four shapes (trl docs/source/dataset_formats.md): standard (text) or conversational
 * (messages), with the prompt in its own column (explicit) or as the common beginning of both sides (implicit), each
 * with an optional number `margin`.
 */
import { z } from 'zod';
import { readExact } from './exact-pair.ts';
import { parseTranscripts } from './hh-rlhf.ts';
import { isEmptyPrompt, messagesSchema, sameMessages } from './messages.ts';
import type { Message, ParsedRow, PreferenceRow } from './parsed-row.ts';

const textOrMessages = z.union([z.string(), messagesSchema]);
const rowSchema = z.object({
  prompt: textOrMessages.nullish(),
  chosen: textOrMessages,
  rejected: textOrMessages,
  margin: z.number().nullish(),
  prompt_messages: z.string().nullish(),
});

/** Reads one parsed JSON value of a TRL preference file. */
export function parseTrlRow(value: unknown): ParsedRow<PreferenceRow> {
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) return { ok: false, reason: 'wrong-columns', detail: explainColumns(parsed.error) };
  const { prompt, chosen, rejected } = parsed.data;
  const margin = parsed.data.margin ?? 0;
  const { prompt_messages } = parsed.data;
  if (typeof prompt_messages === 'string' && prompt_messages.trim() !== '') {
    const exact = readExact({ prompt_messages, prompt, chosen, rejected });
    return 'reason' in exact ? exact : finish({ ...exact, margin });
  }

  if (typeof chosen === 'string' && typeof rejected === 'string') {
    if (prompt === undefined || prompt === null) return implicitText(chosen, rejected, margin);
    const messages: Message[] = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
    return finish({ prompt: messages, chosen, rejected, margin });
  }
  if (typeof chosen === 'string' || typeof rejected === 'string') {
    return {
      ok: false,
      reason: 'wrong-columns',
      detail: 'one side is text and the other a list of messages',
    };
  }
  const before: Message[] = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : (prompt ?? []);
  return conversation([...before, ...chosen], [...before, ...rejected], margin);
}

function conversation(chosen: Message[], rejected: Message[], margin: number): ParsedRow<PreferenceRow> {
  const better = chosen.at(-1);
  const worse = rejected.at(-1);
  if (better?.role !== 'assistant' || worse?.role !== 'assistant') {
    return {
      ok: false,
      reason: 'bad-transcript',
      detail: 'the last message of each side must be from the assistant',
    };
  }
  const prompt = chosen.slice(0, -1);
  if (!sameMessages(prompt, rejected.slice(0, -1))) {
    return {
      ok: false,
      reason: 'prompts-differ',
      detail: `the ${prompt.length} and ${rejected.length - 1} messages before the last answer are not the same`,
    };
  }
  return finish({ prompt, chosen: better.content, rejected: worse.content, margin });
}

/** The common beginning is the prompt, cut back to the end of a word so that no answer starts in the middle of one. */
function implicitText(chosen: string, rejected: string, margin: number): ParsedRow<PreferenceRow> {
  if (/^\s*Human:/.test(chosen) && /^\s*Human:/.test(rejected)) {
    const transcripts = parseTranscripts(chosen, rejected);
    return transcripts.ok ? { ok: true, row: { ...transcripts.row, margin } } : transcripts;
  }
  if (chosen.trim() === rejected.trim()) return identical();
  let end = 0;
  while (end < chosen.length && end < rejected.length && chosen[end] === rejected[end]) end++;
  while (end > 0 && !/\s/.test(chosen[end] ?? rejected[end] ?? ' ')) end--;
  const prompt = chosen.slice(0, end);
  if (prompt.trim() === '') {
    return {
      ok: false,
      reason: 'empty-prompt',
      detail: 'no "prompt" column, and chosen and rejected have no common beginning that could be the prompt',
    };
  }
  return finish({
    prompt: [{ role: 'user', content: prompt }],
    chosen: chosen.slice(end),
    rejected: rejected.slice(end),
    margin,
  });
}

function finish(row: PreferenceRow): ParsedRow<PreferenceRow> {
  if (isEmptyPrompt(row.prompt)) return { ok: false, reason: 'empty-prompt', detail: 'the prompt is empty' };
  if (row.chosen.trim() === row.rejected.trim()) return identical();
  // a blank losing answer is one that somebody saw and did not want; a blank winner would teach silence
  if (row.chosen.trim() === '') return { ok: false, reason: 'empty-answer', detail: '"chosen" is empty' };
  return { ok: true, row };
}

function identical(): ParsedRow<PreferenceRow> {
  return { ok: false, reason: 'identical-pair', detail: 'chosen and rejected are the same text' };
}

function explainColumns(error: z.ZodError): string {
  const first = error.issues[0];
  const column = first?.path[0] === undefined ? 'the row' : `"${String(first.path[0])}"`;
  return `${column} does not fit; expected {prompt?, chosen, rejected, margin?}, each side text or [{role, content}]`;
}
