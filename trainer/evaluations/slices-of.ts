/** Under what a report counts a held-out example: what it is like, and what its row says besides its texts. */
import type { Slice } from '../../lib/statistics/reward-report.ts';
import type { DescribedExample } from '../data/types.ts';

/** A column of more values is an id or a measurement, not a kind. */
const MOST_VALUES = 12;
const MOST_COLUMNS = 20;

/** Bounds in characters, each of which begins a bin. */
const PROMPT_LENGTHS = [0, 100, 300, 1000];
const TURNS = [1, 2, 4];

/**
 * @param examples of one report: which columns are kinds is said by all of them together
 * @returns the slices of an example but those of its pairs' length
 */
export function slicesOf(examples: readonly DescribedExample[]): (example: DescribedExample) => Slice[] {
  const columns = new Map<string, Set<string>>();
  const note = (column: string, value: string) => {
    const values = columns.get(column) ?? new Set();
    columns.set(column, values);
    if (values.size <= MOST_VALUES) values.add(value);
  };
  const facts = (example: DescribedExample) => [
    ...example.tags.map((tag) => ['tag', tag] as const),
    ...(example.annotator === null ? [] : [['annotator', example.annotator] as const]),
    ...Object.entries(example.metadata).flatMap(([column, value]) =>
      typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
        ? [[`column ${column}`, String(value)] as const]
        : [],
    ),
  ];
  for (const example of examples) for (const [column, value] of facts(example)) note(column, value);
  const kinds = new Set(
    [...columns]
      .filter(([column, values]) => column === 'tag' || (values.size > 1 && values.size <= MOST_VALUES))
      .slice(0, MOST_COLUMNS)
      .map(([column]) => column),
  );
  const commonTags = new Set([...(columns.get('tag') ?? [])].slice(0, MOST_VALUES));
  return (example) => {
    const { prompt, strength } = example;
    const characters = prompt.reduce((sum, { content }) => sum + content.length, 0);
    const turns = prompt.filter(({ role }) => role === 'user').length;
    return [
      { slice: 'prompt length, characters', ...binOf(characters, PROMPT_LENGTHS) },
      { slice: 'turns of the person', ...binOf(Math.max(1, turns), TURNS) },
      ...(strength === null ? [] : [{ slice: 'strength', value: String(strength) }]),
      ...facts(example)
        .filter(([column, value]) => kinds.has(column) && (column !== 'tag' || commonTags.has(value)))
        .map(([slice, value]) => ({ slice, value })),
    ];
  };
}

/** By how many characters the better answer is the longer. */
export function lengthSlice([better, other]: readonly [number, number]): Slice {
  const difference = better - other;
  const place = [-200, -49, 50, 201].findLastIndex((bound) => difference >= bound) + 1;
  return { slice: 'better answer, characters', value: LENGTH_DIFFERENCES[place] as string, place };
}

const LENGTH_DIFFERENCES = [
  'over 200 shorter',
  '50 to 200 shorter',
  'within 50',
  '50 to 200 longer',
  'over 200 longer',
];

function binOf(value: number, bounds: readonly number[]): { value: string; place: number } {
  const place = bounds.findLastIndex((bound) => value >= bound);
  const [from, next] = [bounds[place] as number, bounds[place + 1]];
  if (next === undefined) return { value: `${from} or more`, place };
  return { value: next - 1 === from ? `${from}` : `${from} to ${next - 1}`, place };
}
