/**
 * TRL preference rows in all four shapes (trl docs/source/dataset_formats.md): standard (text) or conversational
 * (messages), with the prompt in its own column (explicit) or as the common beginning of both sides (implicit), each
 * with an optional number `margin`. Many public files do both: a column "prompt", and the same prompt again at the
 * beginning of both sides. There it is taken once.
 */
import { commonBeginning, isInsideWord } from './common-beginning.ts';
import { readExact } from './exact-pair.ts';
import { isTranscript, parsePromptTranscript, parseTranscripts } from './hh-rlhf.ts';
import { isEmptyPrompt, joinOnce, sameMessages } from './messages.ts';
import type { JsonValue, Message, ParsedRow, PreferenceRow, ReasonCode } from './parsed-row.ts';
import { isNothing, isRecord, kindOf, MEANINGFUL_COLUMNS, readMessages } from './read-messages.ts';
import { type Columns, columnsOf, takeFacts, takeResponse, takeVerdict } from './row-facts.ts';

const EXPECTED = 'expected chosen, rejected and perhaps prompt, margin';

type Refusal = { ok: false; reason: ReasonCode; detail: string };
type Sides = { prompt: Message[]; chosen: string; rejected: string };
type Side = string | Message[];

/** Reads one parsed JSON value of a TRL preference file. */
export function parseTrlRow(value: unknown): ParsedRow<PreferenceRow> {
  if (!isRecord(value))
    return refuse('wrong-columns', `the row is ${kindOf(value as JsonValue)}; ${EXPECTED}`);
  const columns = columnsOf(value);
  const blocked = MEANINGFUL_COLUMNS.find((name) => !isNothing(columns.get(name)));
  if (blocked !== undefined) {
    return refuse('unsupported-message', `the row carries "${blocked}", which cannot be kept with a pair`);
  }
  // blank sides are answers too: a blank cell is missing only where the column is
  if (value.chosen === undefined || value.rejected === undefined) {
    const found = Object.keys(value).slice(0, 20).join(', ');
    const missing = value.chosen === undefined ? 'chosen' : 'rejected';
    return refuse('wrong-columns', `no "${missing}"; the columns are: ${found}; ${EXPECTED}`);
  }
  const margin = readMargin(value.margin);
  if (typeof margin !== 'number') return margin;
  const extras: Record<string, JsonValue> = {};
  const chosen = readSide(value.chosen, 'chosen', extras);
  if (isRefusal(chosen)) return chosen;
  const rejected = readSide(value.rejected, 'rejected', extras);
  if (isRefusal(rejected)) return rejected;
  let prompt: Side | null = null;
  if (value.prompt !== undefined && value.prompt !== null) {
    const given = readSide(value.prompt, 'prompt', extras);
    if (isRefusal(given)) return given;
    prompt = given;
  }
  const written = columns.get('prompt_messages');
  const sides =
    typeof written === 'string'
      ? checked(exactSides(written, prompt, { chosen, rejected }))
      : parseSides(prompt, chosen, rejected);
  if (isRefusal(sides)) return sides;
  for (const name of ['prompt', 'prompt_messages', 'chosen', 'rejected', 'margin']) columns.delete(name);
  for (const [place, extra] of Object.entries(extras)) columns.set(place, extra);
  return finish(sides, margin, columns);
}

function finish(sides: Sides, margin: number, columns: Columns): ParsedRow<PreferenceRow> {
  const row = {
    prompt: sides.prompt,
    chosen: takeResponse(columns, sides.chosen, 'chosen'),
    rejected: takeResponse(columns, sides.rejected, 'rejected'),
    margin,
    ...takeVerdict(columns),
  };
  return { ok: true, row: { ...row, ...takeFacts(columns) } };
}

function exactSides(
  written: string,
  prompt: Side | null,
  texts: { chosen: Side; rejected: Side },
): Sides | Refusal {
  const read = readExact(written, prompt, texts);
  return isRefusal(read) ? read : { prompt: read.prompt, ...read.texts };
}

function parseSides(prompt: Side | null, chosen: Side, rejected: Side): Sides | Refusal {
  if (typeof chosen === 'string' && typeof rejected === 'string') {
    if (prompt !== null) return checked(explicitText(prompt, chosen, rejected));
    // transcripts have rules of their own: a blank losing answer is one
    if (isTranscript(chosen) || isTranscript(rejected)) return parseTranscripts(chosen, rejected);
    const found = checked(implicitText(chosen, rejected));
    // without a prompt column a blank loser is a guess: the whole of it was taken for the prompt
    if (isRefusal(found) || found.rejected.trim() !== '') return found;
    return refuse('empty-answer', 'nothing of "rejected" is left behind the common beginning');
  }
  if (typeof chosen === 'string' || typeof rejected === 'string') {
    return refuse('wrong-columns', 'one side is text and the other a list of messages');
  }
  const before: Message[] = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : (prompt ?? []);
  return checked(conversation(before, chosen, rejected));
}

function checked(sides: Sides | Refusal): Sides | Refusal {
  if (isRefusal(sides)) return sides;
  if (isEmptyPrompt(sides.prompt)) return refuse('empty-prompt', 'the prompt is empty');
  if (sides.chosen.trim() === sides.rejected.trim()) return identical();
  // a blank losing answer is one that somebody saw and did not want; a blank winner would teach silence
  if (sides.chosen.trim() === '') return refuse('empty-answer', '"chosen" is empty');
  return sides;
}

function conversation(given: Message[], chosen: Message[], rejected: Message[]): Sides | Refusal {
  for (const [side, messages] of [
    ['chosen', chosen],
    ['rejected', rejected],
  ] as const) {
    const last = messages.at(-1);
    if (last?.role !== 'assistant') {
      return refuse(
        'bad-transcript',
        `the last message of "${side}" has the role ${last?.role}; expected assistant`,
      );
    }
  }
  const shared = chosen.slice(0, -1);
  if (!sameMessages(shared, rejected.slice(0, -1))) {
    return refuse(
      'prompts-differ',
      `the ${shared.length} and ${rejected.length - 1} messages before the last answer are not the same`,
    );
  }
  const prompt = joinOnce(given, shared);
  if (prompt === null) {
    return refuse('prompts-differ', 'the system messages of "prompt" and of both sides are not the same');
  }
  return { prompt, chosen: chosen.at(-1)?.content ?? '', rejected: rejected.at(-1)?.content ?? '' };
}

/** A text before two texts; where both begin with it, they go on behind it. */
function explicitText(given: Side, chosen: string, rejected: string): Sides | Refusal {
  if (typeof given === 'string' && isTranscript(given)) {
    const prompt = parsePromptTranscript(given);
    if (prompt !== null) {
      const answers = answersBehind(given, chosen, rejected);
      return { prompt, chosen: withoutSpace(answers[0]), rejected: withoutSpace(answers[1]) };
    }
  }
  const prompt: Message[] = typeof given === 'string' ? [{ role: 'user', content: given }] : given;
  const [only, ...more] = prompt;
  if (only?.role !== 'user' || more.length > 0) return { prompt, chosen, rejected };
  const answers = answersBehind(only.content, chosen, rejected);
  return { prompt, chosen: answers[0], rejected: answers[1] };
}

function answersBehind(prompt: string, chosen: string, rejected: string): [string, string] {
  const isPart = (side: string) =>
    side.startsWith(prompt) && side.slice(prompt.length).trim() !== '' && !isInsideWord(side, prompt.length);
  if (prompt.trim() === '' || !isPart(chosen) || !isPart(rejected)) return [chosen, rejected];
  return [chosen.slice(prompt.length), rejected.slice(prompt.length)];
}

/** A transcript ends with "Assistant:"; the blank behind the colon belongs to its spelling, not to the answer. */
function withoutSpace(answer: string): string {
  return answer.startsWith(' ') ? answer.slice(1) : answer;
}

function implicitText(chosen: string, rejected: string): Sides | Refusal {
  if (chosen.trim() === rejected.trim()) return identical();
  const end = commonBeginning(chosen, rejected);
  const prompt = chosen.slice(0, end);
  if (prompt.trim() === '') {
    return refuse(
      'empty-prompt',
      'no "prompt" column, and chosen and rejected have no common beginning that could be the prompt',
    );
  }
  return {
    prompt: [{ role: 'user', content: prompt }],
    chosen: chosen.slice(end),
    rejected: rejected.slice(end),
  };
}

function readSide(value: JsonValue, name: string, extras: Record<string, JsonValue>): Side | Refusal {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) {
    return refuse(
      'wrong-columns',
      `"${name}" is ${kindOf(value)}; expected text or a list of {role, content}`,
    );
  }
  const read = readMessages(value, name);
  if (!read.ok) return read;
  Object.assign(extras, read.extras);
  return read.messages;
}

/** A number, or its spelling in a cell of a table. */
function readMargin(value: JsonValue | undefined): number | Refusal {
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) return 0;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  return refuse('wrong-columns', `"margin" is ${JSON.stringify(value).slice(0, 40)}; expected a number`);
}

function isRefusal(value: object | string): value is Refusal {
  return typeof value === 'object' && 'reason' in value;
}

function identical(): Refusal {
  return refuse('identical-pair', 'chosen and rejected are the same text');
}

function refuse(reason: ReasonCode, detail: string): Refusal {
  return { ok: false, reason, detail };
}
