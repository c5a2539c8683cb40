/**
 * A prompt with two to nine answers and their places: `ranks` (one number for each answer, the least is best, the same number is
 * a tie), a number `rank` in each of `responses`, columns `rank_1`, `rank_2`, ... of a table, or `ranking` as groups of indexes from
 * 0, best first.
 */
import type { JsonValue, JudgedRow, ParsedRow, PromptRow, ReasonCode } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { isRecord } from './read-messages.ts';
import { type Columns, parseCell, takeJudge } from './row-facts.ts';
import { asNumber } from './verdict.ts';

type Refusal = { ok: false; reason: ReasonCode; detail: string };

/** True for columns of answers with their places. */
export function isRankedRow(row: unknown): boolean {
  if (!isRecord(row)) return false;
  if ('rank_1' in row && 'response_1' in row) return true;
  if (!('responses' in row) && !('response_1' in row)) return false;
  if ('ranks' in row || 'ranking' in row) return true;
  const [first] = Array.isArray(row.responses) ? row.responses : [];
  return isRecord(first) && 'rank' in first;
}

/** Reads one parsed JSON value, or one record of a table. */
export function parseRankedRow(value: unknown): ParsedRow<JudgedRow> {
  const parsed = parsePromptRow(value);
  if (!parsed.ok) return parsed;
  const { responses, metadata, ...row } = parsed.row;
  const columns: Columns = new Map(Object.entries(metadata));
  const ranking = takeRanking(columns, responses);
  if ('reason' in ranking) return ranking;
  const isTie = ranking.length === 1;
  const judge = takeJudge(columns);
  const said = { ...judge, strength: null, margin: 0, tie: isTie ? ('equal' as const) : ('none' as const) };
  const rest = { flags: {}, ofPrompt: null, recorded: null, metadata: Object.fromEntries(columns) };
  return { ok: true, row: { ...row, responses, ranking, ...said, ...rest } };
}

function takeRanking(columns: Columns, { length: count }: PromptRow['responses']): number[][] | Refusal {
  if (count < 2) return refuse(`${count} responses; expected two or more that are ranked`);
  const groups = cell(columns.get('ranking'));
  columns.delete('ranking');
  if (groups !== undefined) return readGroups(groups, count);
  const listed = cell(columns.get('ranks'));
  columns.delete('ranks');
  const ranks = Array.isArray(listed) ? listed : listed === undefined ? ranksOneByOne(columns, count) : [];
  const numbers = ranks.map((rank) => asNumber(rank));
  if (numbers.length !== count || numbers.some((rank) => rank === null)) {
    const found = JSON.stringify(listed ?? ranks).slice(0, 60);
    return refuse(`the ranks are ${found}; expected ${count} numbers, one for each response`);
  }
  const places = [...new Set(numbers as number[])].sort((a, b) => a - b);
  return places.map((place) => numbers.flatMap((rank, i) => (rank === place ? [i] : [])));
}

function ranksOneByOne(columns: Columns, count: number): JsonValue[] {
  return Array.from({ length: count }, (_, i) => {
    const names = [`rank_${i + 1}`, `response_${i + 1}_rank`, `responses[${i}].rank`];
    const name = names.find((given) => columns.has(given)) ?? '';
    const rank = columns.get(name) ?? null;
    columns.delete(name);
    return rank;
  });
}

function readGroups(value: JsonValue, count: number): number[][] | Refusal {
  const isGroups = Array.isArray(value) && value.every((group) => Array.isArray(group) && group.length > 0);
  const groups = isGroups ? (value as JsonValue[][]).map((group) => group.map(Number)) : [];
  const named = groups.flat();
  const isWhole = named.length === count && named.every((i) => Number.isInteger(i) && i >= 0 && i < count);
  if (isWhole && new Set(named).size === count) return groups;
  const found = JSON.stringify(value).slice(0, 60);
  const expected = `groups of the indexes 0 to ${count - 1}, best first, such as [[1], [0, 2]]`;
  return refuse(
    `"ranking" is ${found}; expected ${expected}; the place of each response goes in a column "ranks"`,
  );
}

/** A value, or the JSON in a cell of a table. */
function cell(value: JsonValue | undefined): JsonValue | undefined {
  return typeof value === 'string' ? parseCell(value) : value;
}

function refuse(detail: string): Refusal {
  return { ok: false, reason: 'wrong-columns', detail };
}
