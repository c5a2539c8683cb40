/** Instructions with one right answer among a known set: colours, opposites, sizes, neighbours in a row, abilities. */
import type { Rng } from '../../lib/rng.ts';
import {
  capitalized,
  either,
  type Instruction,
  type InstructionKind,
  pick,
  withArticle,
  wordsOf,
} from './instruction.ts';
import { BY_SIZE, CAN, CATEGORIES, COLOR_OF, DAYS, DOERS, MONTHS, OPPOSITES } from './words.ts';

/** 1 when the right word is said and no other of the set, 0.3 when it is hidden among others, else 0. */
function saysOnly(right: string, others: readonly string[], words: readonly string[]): number {
  if (!words.includes(right.toLowerCase())) return 0;
  const competing = others.some((other) => other !== right && words.includes(other.toLowerCase()));
  return competing ? 0.3 : 1;
}

function oneOf(args: {
  kind: string;
  right: string;
  others: readonly string[];
  /** words of the question that an answer may repeat */
  echoed: readonly string[];
  sentences: ((answer: string) => string)[];
}): Instruction {
  const { kind, right, sentences } = args;
  const others = args.others.filter((other) => other !== right && !args.echoed.includes(other));
  return {
    kind,
    answer: (rng) => pick(sentences, rng)(right),
    wrongAnswer: (rng) => pick(sentences, rng)(pick(others, rng)),
    follows: (response) => saysOnly(right, others, wordsOf(response)),
  };
}

export const COLOR: InstructionKind = {
  kind: 'color',
  instances: Object.entries(COLOR_OF).map(([thing, color]) => ({
    about: thing,
    wordings: [
      `What color is ${thing}?`,
      `Tell me the color of ${thing}.`,
      `Which color does ${thing} have?`,
    ],
    instruction: oneOf({
      kind: 'color',
      right: color,
      others: CATEGORIES.colors ?? [],
      echoed: [],
      sentences: [(c) => `${capitalized(thing)} is ${c}.`, (c) => `The color is ${c}.`],
    }),
  })),
};

export const OPPOSITE: InstructionKind = {
  kind: 'opposite',
  instances: [...OPPOSITES, ...OPPOSITES.map(([a, b]) => [b, a] as const)].map(([word, opposite]) => ({
    about: either(word, opposite),
    wordings: [
      `What is the opposite of ${word}?`,
      `Tell me the opposite of ${word}.`,
      `Which word is the opposite of ${word}?`,
    ],
    instruction: oneOf({
      kind: 'opposite',
      right: opposite,
      others: OPPOSITES.flat(),
      echoed: [word],
      sentences: [(o) => `The opposite of ${word} is ${o}.`, (o) => `It is ${o}.`],
    }),
  })),
};

const ROWS = [
  { name: 'day', items: DAYS },
  { name: 'month', items: MONTHS },
  { name: 'number', items: Array.from({ length: 20 }, (_, i) => String(i + 1)) },
];

export const NEXT: InstructionKind = {
  kind: 'next',
  instances: ROWS.flatMap(({ name, items }) =>
    items.flatMap((item, i) =>
      (['after', 'before'] as const).flatMap((side) => {
        const there = i + (side === 'after' ? 1 : -1);
        const right = name === 'number' ? items[there] : items.at(there % items.length);
        if (right === undefined) return [];
        return [
          {
            about: `${name} ${either(item, right)}`,
            wordings: [`What ${name} comes ${side} ${item}?`, `Tell me the ${name} ${side} ${item}.`],
            instruction: oneOf({
              kind: 'next',
              right,
              others: items,
              echoed: [item],
              sentences: [(x) => `The ${name} ${side} ${item} is ${x}.`, (x) => `It is ${x}.`],
            }),
          },
        ];
      }),
    ),
  ),
};

/** Which of two animals: the one that is named first in the answer is taken as the answer. */
function compare(first: string, second: string, word: 'bigger' | 'smaller'): Instruction {
  const firstIsBigger = BY_SIZE.indexOf(first) > BY_SIZE.indexOf(second);
  const right = firstIsBigger === (word === 'bigger') ? first : second;
  const wrong = right === first ? second : first;
  const say = (x: string, y: string, rng: Rng) =>
    pick(
      [
        `${capitalized(withArticle(x))} is ${word}.`,
        `${capitalized(withArticle(x))} is ${word} than ${withArticle(y)}.`,
      ],
      rng,
    );
  return {
    kind: 'compare',
    answer: (rng) => say(right, wrong, rng),
    wrongAnswer: (rng) => say(wrong, right, rng),
    follows: (response) => (wordsOf(response).find((w) => w === right || w === wrong) === right ? 1 : 0),
  };
}

export const COMPARE: InstructionKind = {
  kind: 'compare',
  instances: BY_SIZE.flatMap((first) =>
    BY_SIZE.filter((second) => second !== first).flatMap((second) =>
      (['bigger', 'smaller'] as const).map((word) => ({
        about: either(first, second),
        wordings: [`Which is ${word}, ${withArticle(first)} or ${withArticle(second)}?`],
        instruction: compare(first, second, word),
      })),
    ),
  ),
};

/** Yes or no: the first of the two words that is said counts. */
function ability(who: string, verb: string): Instruction {
  const able = CAN[verb]?.includes(who) ?? false;
  const say = (yes: boolean) =>
    yes ? `Yes, ${withArticle(who)} can ${verb}.` : `No, ${withArticle(who)} cannot ${verb}.`;
  return {
    kind: 'can',
    answer: () => say(able),
    wrongAnswer: () => say(!able),
    follows: (response) =>
      wordsOf(response).find((w) => w === 'yes' || w === 'no') === (able ? 'yes' : 'no') ? 1 : 0,
  };
}

export const CAN_DO: InstructionKind = {
  kind: 'can',
  instances: Object.keys(CAN).flatMap((verb) =>
    DOERS.map((who) => ({
      about: `${who} ${verb}`,
      wordings: [`Can ${withArticle(who)} ${verb}?`, `Tell me if ${withArticle(who)} can ${verb}.`],
      instruction: ability(who, verb),
    })),
  ),
};
