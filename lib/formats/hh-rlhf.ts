/**
 * HH-RLHF rows: `{"chosen": "\n\nHuman: ...\n\nAssistant: ...", "rejected": "..."}`, two whole transcripts that should be
 * equal up to the last assistant turn. Source: anthropics/hh-rlhf README; the split at the last "\n\nAssistant:" is the
 * one of eric-mitchell/direct-preference-optimization preference_datasets.py.
 *
 * A blank losing answer is kept: raters of this data really saw blank replies and preferred the other one. A blank
 * winning answer is refused, because it would teach silence.
 */
import { z } from 'zod';
import { excerpt, type Message, type ParsedRow, type PreferenceRow } from './parsed-row.ts';

const LAST_TURN = '\n\nAssistant:';
const rowSchema = z.object({ chosen: z.string(), rejected: z.string() });

/** Reads one parsed JSON value of an HH-RLHF file. */
export function parseHhRlhfRow(value: unknown): ParsedRow<PreferenceRow> {
  const columns = rowSchema.safeParse(value);
  if (!columns.success) {
    return { ok: false, reason: 'wrong-columns', detail: 'expected text in "chosen" and in "rejected"' };
  }
  return parseTranscripts(columns.data.chosen, columns.data.rejected);
}

/** Reads a pair of transcripts into a prompt and two last answers. */
export function parseTranscripts(chosen: string, rejected: string): ParsedRow<PreferenceRow> {
  const better = splitLastTurn(chosen);
  const worse = splitLastTurn(rejected);
  if (better === null || worse === null) {
    const which = better === null ? 'chosen' : 'rejected';
    return { ok: false, reason: 'bad-transcript', detail: `no "\\n\\nAssistant:" turn in "${which}"` };
  }
  if (chosen.trim() === rejected.trim()) {
    return { ok: false, reason: 'identical-pair', detail: 'chosen and rejected are the same transcript' };
  }
  if (better.before !== worse.before) {
    return {
      ok: false,
      reason: 'prompts-differ',
      detail: `the transcripts already differ before the last answer, near "${excerpt(divergence(better.before, worse.before))}"`,
    };
  }
  if (better.answer === worse.answer) {
    return { ok: false, reason: 'identical-pair', detail: 'both answers are the same text' };
  }
  const prompt = parseTurns(better.before);
  if (prompt === null) {
    return {
      ok: false,
      reason: 'bad-transcript',
      detail: 'the transcript does not begin with "\\n\\nHuman:"',
    };
  }
  if (prompt[0]?.content === '') {
    return { ok: false, reason: 'empty-prompt', detail: 'the first human turn is empty' };
  }
  if (better.answer === '') {
    return { ok: false, reason: 'empty-answer', detail: 'the chosen answer is empty' };
  }
  return { ok: true, row: { prompt, chosen: better.answer, rejected: worse.answer, margin: 0 } };
}

function splitLastTurn(transcript: string): { before: string; answer: string } | null {
  const at = transcript.lastIndexOf(LAST_TURN);
  if (at < 0) return null;
  return { before: transcript.slice(0, at), answer: transcript.slice(at + LAST_TURN.length).trim() };
}

/** Turns as they stand: two assistant turns in a row stay two messages. */
function parseTurns(transcript: string): Message[] | null {
  const parts = transcript.split(/(?:^|\n\n)(Human|Assistant):/);
  if (parts[0]?.trim() !== '' || parts[1] !== 'Human') return null;
  const messages: Message[] = [];
  for (let i = 1; i < parts.length; i += 2) {
    messages.push({
      role: parts[i] === 'Human' ? 'user' : 'assistant',
      content: (parts[i + 1] ?? '').trim(),
    });
  }
  return messages;
}

function divergence(left: string, right: string): string {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return left.slice(Math.max(0, at - 10), at + 50) || right.slice(Math.max(0, at - 10), at + 50);
}
