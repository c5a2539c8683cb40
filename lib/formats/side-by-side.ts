/**
 * Two answers and a verdict: `response_a`, `response_b` (or `answer_`, `completion_`, `output_`, `conversation_`; also numbered) with
 * a column that says which is better or that they tie. Conversations are whole ones (LMSYS arena, MT-Bench); where a column `turn`
 * says so, the verdict is of that turn. Lists of turns in the cells of a table and one column for each verdict
 * (`winner_model_a`, ...) are read too, as arena files have them. Becomes a TRL preference row.
 */
import type { JsonValue, Message, ParsedRow, PreferenceRow, ReasonCode } from './parsed-row.ts';
import { isNothing, isRecord, kindOf, readMessages } from './read-messages.ts';
import { asName, parseCell } from './row-facts.ts';
import { parseTrlRow } from './trl.ts';
import {
  asNumber,
  type Judged,
  readSigned,
  readVerdict,
  type SideNames,
  STRENGTH_COLUMNS,
  type VerdictScale,
  verdictProblem,
} from './verdict.ts';

const STEMS = ['response', 'answer', 'completion', 'output', 'conversation'];
const SIDE_NAMES: readonly SideNames[] = [
  ['a', 'b'],
  ['1', '2'],
  ['0', '1'],
];
const VERDICTS = ['winner', 'preference', 'verdict', 'preferred', 'label'];
const VERDICT_OF_ID = ['better_response_id'];
const PROMPTS = ['prompt', 'instruction', 'question', 'query', 'context'];
const ONE_HOT: readonly (readonly [column: string, verdict: Judged])[] = [
  ['winner_model_a', { better: 'first', tie: 'none', strength: null }],
  ['winner_model_b', { better: 'second', tie: 'none', strength: null }],
  ['winner_tie', { better: null, tie: 'equal', strength: null }],
];
const EXPECTED = `expected two answers (response_a, response_b ...) and a verdict (one of ${VERDICTS.join(', ')})`;

type Row = Record<string, JsonValue>;
type Sides = { columns: readonly [string, string]; stem: string; sides: SideNames };
type Refusal = { ok: false; reason: ReasonCode; detail: string };

/** True for columns of two answers and a verdict. */
export function isSideBySideRow(row: unknown): boolean {
  return isRecord(row) && findSides(row) !== null && verdictColumn(row) !== null;
}

/** The number that a row's verdict is, where it is one that only the whole file explains; for scaleOf. */
export function numberedVerdict(value: unknown): number | null {
  if (!isRecord(value) || findSides(value)?.sides[0] !== 'a') return null;
  const name = verdictColumn(value);
  return name === null || STRENGTH_COLUMNS.includes(name) || isOneHot(name) ? null : asNumber(value[name]);
}

/** Reads one parsed JSON value, or one record of a table. */
export function parseSideBySideRow(value: unknown, scale: VerdictScale | null): ParsedRow<PreferenceRow> {
  if (!isRecord(value)) return refuse(`the row is ${kindOf(value as JsonValue)}; ${EXPECTED}`);
  const found = findSides(value);
  const name = verdictColumn(value);
  if (found === null || name === null) {
    return refuse(`the columns are: ${Object.keys(value).slice(0, 20).join(', ')}; ${EXPECTED}`);
  }
  const [first, second] = found.columns;
  const models = found.sides.map((side, i) =>
    modelOf(value, { ...found, side, column: found.columns[i] ?? '' }),
  );
  const said = readWinner(value, name, { sides: found.sides, models, scale });
  if (said === null) return refuse(verdictProblem(name, value[name] ?? null));
  const texts = readTexts(value, found);
  if ('ok' in texts) return texts;
  const rest = { ...value };
  const used = [first, second, ...ONE_HOT.map(([column]) => column), name, texts.promptColumn];
  for (const column of [...used, ...modelColumns(found)]) delete rest[column];
  const isSwapped = said.better === 'second';
  const [chosen, rejected] = isSwapped ? [1, 0] : [0, 1];
  return parseTrlRow({
    ...rest,
    ...(texts.prompt !== null && { prompt: texts.prompt }),
    chosen: texts.sides[chosen] as JsonValue,
    rejected: texts.sides[rejected] as JsonValue,
    chosen_model: models[chosen] ?? null,
    rejected_model: models[rejected] ?? null,
    ...(said.tie !== 'none' && { tie_kind: said.tie }),
    ...(said.strength !== null && { strength: said.strength }),
  });
}

function findSides(row: Row): Sides | null {
  for (const stem of STEMS) {
    for (const sides of SIDE_NAMES) {
      for (const join of ['_', '']) {
        const columns = [`${stem}${join}${sides[0]}`, `${stem}${join}${sides[1]}`] as const;
        // a third answer makes it a list of answers to be judged
        const third = `${stem}${join}${sides[0] === 'a' ? 'c' : Number(sides[1]) + 1}`;
        if (columns.every((column) => row[column] !== undefined) && row[third] === undefined) {
          return { columns, stem, sides };
        }
      }
    }
  }
  return null;
}

function verdictColumn(row: Row): string | null {
  const names = [...STRENGTH_COLUMNS, ...VERDICTS, ...VERDICT_OF_ID, ...ONE_HOT.map(([column]) => column)];
  const name = names.find((given) => row[given] !== undefined) ?? null;
  // a label may be of anything: it is a verdict only where it says one
  return name === 'label' && !isVerdict(row.label ?? null) ? null : name;
}

function isVerdict(value: JsonValue): boolean {
  const how = { sides: ['a', 'b'], models: [], scale: null } as const;
  return value === '' || asNumber(value) !== null || readVerdict(value, how) !== null;
}

function isOneHot(name: string): boolean {
  return ONE_HOT.some(([column]) => column === name);
}

function readWinner(
  row: Row,
  name: string,
  how: { sides: SideNames; models: (string | null)[]; scale: VerdictScale | null },
): Judged | null {
  if (STRENGTH_COLUMNS.includes(name)) return readSigned(row[name] ?? null);
  if (!isOneHot(name)) return readVerdict(row[name] ?? null, how);
  const raised = ONE_HOT.filter(([column]) => asNumber(row[column]) === 1 || row[column] === true);
  return raised.length === 1 ? (raised[0]?.[1] ?? null) : null;
}

function modelColumns({ columns, sides }: Sides): string[] {
  return sides.flatMap((side, i) => [`model_${side}`, `${columns[i]}_model`]);
}

function modelOf(row: Row, { side, column }: Sides & { side: string; column: string }): string | null {
  const name = [`model_${side}`, `${column}_model`]
    .map((given) => row[given])
    .find((given) => !isNothing(given));
  return name === undefined ? null : asName(name);
}

type Texts = { prompt: JsonValue; promptColumn: string; sides: JsonValue[] };

function readTexts(row: Row, { columns, stem }: Sides): Texts | Refusal {
  const promptColumn = PROMPTS.find((name) => !isNothing(row[name])) ?? 'prompt';
  const prompt = row[promptColumn] ?? null;
  const sides = columns.map((column) => row[column] ?? null);
  if (stem === 'conversation') {
    const cut: JsonValue[] = [];
    for (const [i, side] of sides.entries()) {
      const read = readMessages(typeof side === 'string' ? parseCell(side) : side, columns[i] ?? '');
      if (!read.ok) return read;
      cut.push(upToTurn(read.messages, row.turn));
    }
    // whole conversations begin with the prompt themselves
    return { prompt: null, promptColumn, sides: cut };
  }
  const turns = [prompt, ...sides].map(listOfTexts);
  const count = turns[0]?.length ?? 0;
  if (turns.every((list) => list !== null && list.length === count && count > 0)) {
    const [asked = [], ...answered] = turns as string[][];
    return { prompt: null, promptColumn, sides: answered.map((answers) => conversation(asked, answers)) };
  }
  return { prompt, promptColumn, sides };
}

/** The messages with the answer to the turn that was judged last; all where no turn is named. */
function upToTurn(messages: Message[], turn: JsonValue | undefined): Message[] {
  const wanted = asNumber(turn);
  const numTurns = messages.filter(({ role }) => role === 'user').length;
  if (wanted === null || wanted < 1 || wanted >= numTurns) return messages;
  let seen = 0;
  const end = messages.findIndex(({ role }) => {
    if (role === 'user') seen++;
    return seen > wanted;
  });
  return messages.slice(0, end);
}

/** The cell of a table that holds a JSON list of texts, or such a list. */
function listOfTexts(value: JsonValue): string[] | null {
  const list = typeof value === 'string' && value.startsWith('["') ? parseCell(value) : value;
  return Array.isArray(list) && list.every((text) => typeof text === 'string') ? (list as string[]) : null;
}

function conversation(asked: string[], answered: string[]): JsonValue {
  return asked.flatMap((content, i) => [
    { role: 'user', content },
    { role: 'assistant', content: answered[i] ?? '' },
  ]);
}

function refuse(detail: string): Refusal {
  return { ok: false, reason: 'wrong-columns', detail };
}
