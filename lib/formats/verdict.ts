/** What a column of verdicts says: which of two answers is better and how much, or what kind of tie they are. */
import type { JsonValue, Verdict } from './parsed-row.ts';
import { kindOf } from './read-messages.ts';
import { asTie, asWords } from './row-facts.ts';

export type Side = 'first' | 'second';
export type Judged = { better: Side | null; tie: Verdict['tie']; strength: Verdict['strength'] };
/**
 * What the numbers of a column mean. 'signed': 1 = the first, 0 = a tie, -1 = the second. 'counted': 1 = the first, 2 = the
 * second. Found by all numbers of a file, since a 1 or 0 alone may mean either side, or a tie.
 */
export type VerdictScale = 'signed' | 'counted';
/** How the columns of the two answers are told apart. */
export type SideNames = readonly [first: string, second: string];

const SUBJECTS = 'model|response|answer|assistant|completion|output|conversation|option|candidate|system';
const DEGREES: Record<string, 1 | 3> = {
  slightly: 1,
  somewhat: 1,
  marginally: 1,
  clearly: 3,
  much: 3,
  far: 3,
  significantly: 3,
  strongly: 3,
};
const PHRASE = new RegExp(
  `^(?:(?:${SUBJECTS}) ?)?(a|b|0|1|2|left|right|first|second)` +
    `(?: (?:is )?(?:(${Object.keys(DEGREES).join('|')}) )?(better|preferred|wins|won))?$`,
);
const ARROWS = /^(a|b) ?(>{1,2}|<{1,2}) ?(a|b)$/;
const SIDES: Record<string, Side> = {
  a: 'first',
  left: 'first',
  first: 'first',
  b: 'second',
  right: 'second',
  second: 'second',
};
/** Columns whose numbers run from -3 (the first is much better) to 3 (the second is), as published preference sets write them. */
export const STRENGTH_COLUMNS = ['overall_preference', 'preference_strength'];

/**
 * Reads a verdict. `names`: what the two answers are called in the file (`['a', 'b']`, `['1', '2']`, their models). Null where
 * it says nothing that is understood.
 */
export function readVerdict(
  value: JsonValue,
  {
    sides,
    models,
    scale,
  }: { sides: SideNames; models: readonly (string | null)[]; scale: VerdictScale | null },
): Judged | null {
  const tie = asTie(value);
  if (tie !== null && tie !== 'none') return { better: null, tie, strength: null };
  const number = asNumber(value);
  if (number !== null) return readNumber(number, sides, scale);
  if (typeof value !== 'string') return null;
  const named = models[0] === models[1] ? -1 : models.indexOf(value.trim());
  if (named >= 0) return won(named === 0 ? 'first' : 'second', null);
  const words = asWords(value);
  const arrow = ARROWS.exec(words);
  if (arrow !== null && arrow[1] !== arrow[3]) {
    const isLeft = arrow[2]?.startsWith('>');
    return won(SIDES[(isLeft ? arrow[1] : arrow[3]) ?? ''] ?? 'first', arrow[2]?.length === 2 ? 3 : 1);
  }
  const said = PHRASE.exec(words);
  const [, side = '', degree, is] = said ?? [];
  const better = side === sides[0] ? 'first' : side === sides[1] ? 'second' : SIDES[side];
  if (said === null || better === undefined) return null;
  // "better" without a degree stands between "slightly" and "much"; a bare side says nothing of how much
  return won(better, degree !== undefined ? (DEGREES[degree] ?? null) : is === 'better' ? 2 : null);
}

/** How far the verdict of STRENGTH_COLUMNS goes, and to which side. */
export function readSigned(value: JsonValue): Judged | null {
  const number = asNumber(value);
  if (number === null || !Number.isInteger(number) || Math.abs(number) > 3) return null;
  if (number === 0) return { better: null, tie: 'equal', strength: null };
  return won(number < 0 ? 'first' : 'second', Math.abs(number) as 1 | 2 | 3);
}

/** The scale that all numbers of a column of verdicts fit and no other one does; null where that is not told. */
export function scaleOf(numbers: ReadonlySet<number>): VerdictScale | null {
  const isIn = (...allowed: number[]) => [...numbers].every((number) => allowed.includes(number));
  if (numbers.has(-1) && isIn(-1, 0, 1)) return 'signed';
  return numbers.has(2) && isIn(1, 2) ? 'counted' : null;
}

/** What is said of a verdict that cannot be read. */
export function verdictProblem(name: string, value: JsonValue): string {
  const expected =
    'expected a, b, model_a, model_b, tie, both_good, both_bad or the name of one of the models';
  if (asNumber(value) === null) {
    const found = typeof value === 'string' ? JSON.stringify(value).slice(0, 60) : kindOf(value);
    return `"${name}" is ${found}; ${expected}`;
  }
  return `"${name}" is the number ${value}, which may mean either answer or a tie; ${expected}, or numbers of a file that are 1, 0, -1 (the first, tie, the second) or 1, 2`;
}

/** A number, or its spelling in a cell. */
export function asNumber(value: JsonValue | undefined): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^[+-]?\d+(\.0+)?$/.test(value.trim()) ? Number(value) : null;
}

function readNumber(number: number, sides: SideNames, scale: VerdictScale | null): Judged | null {
  const [first, second] = sides.map(Number);
  if (number === first) return won('first', null);
  if (number === second) return won('second', null);
  const tie: Judged = { better: null, tie: 'equal', strength: null };
  // answers 1 and 2: what is neither is none of them
  if (first === 1 && second === 2) return number === 0 ? tie : null;
  if (Number.isInteger(first) || scale === null) return null;
  if (number === 0) return scale === 'signed' ? tie : null;
  return won(number === 1 ? 'first' : 'second', null);
}

function won(better: Side, strength: Judged['strength']): Judged {
  return { better, tie: 'none', strength };
}
