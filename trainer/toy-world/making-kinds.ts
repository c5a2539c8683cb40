/** Instructions that ask for something to be made: a list, a count, a sum, a sentence, a greeting. */
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
import { CATEGORIES, MASS_CATEGORIES, NAMES, THINGS } from './words.ts';

const NUMBER_WORDS = ['zero', 'one', 'two', 'three', 'four'];

function joined(items: string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

function list(category: string, wanted: number): Instruction {
  const members = CATEGORIES[category] ?? [];
  const strangers = Object.entries(CATEGORIES).flatMap(([name, words]) => (name === category ? [] : words));
  const say = (nouns: string[]) =>
    `${capitalized(joined(nouns.map((noun) => (MASS_CATEGORIES.has(category) || !members.includes(noun) ? noun : withArticle(noun)))))}.`;
  return {
    kind: 'list',
    answer: (rng) => say(rng.shuffle(members).slice(0, wanted)),
    wrongAnswer(rng) {
      if (rng.uniform() < 0.5) return say(rng.shuffle(strangers).slice(0, wanted)); // wrong things
      const other = wanted === 1 ? 3 : wanted - 1; // wrong number
      return say(rng.shuffle(members).slice(0, other));
    },
    follows(response) {
      const words = new Set(wordsOf(response));
      const good = members.filter((noun) => words.has(noun)).length;
      const bad = strangers.filter((noun) => words.has(noun)).length;
      if (good === 0) return 0;
      return Math.max(0, 1 - Math.abs(good - wanted) / wanted) * (good / (good + bad));
    },
  };
}

export const LIST: InstructionKind = {
  kind: 'list',
  instances: Object.keys(CATEGORIES).flatMap((category) =>
    [1, 2, 3, 4].map((wanted) => {
      const what = `${NUMBER_WORDS[wanted]} ${wanted === 1 ? category.replace(/s$/, '') : category}`;
      const one = category === 'clothes' && wanted === 1 ? 'one piece of clothes' : what;
      return {
        about: `${wanted} ${category}`,
        wordings: [`Name ${one}.`, `List ${one}.`, `Can you name ${one}?`],
        instruction: list(category, wanted),
      };
    }),
  ),
};

function numbersOf(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

function sum(a: number, b: number): Instruction {
  const say = (total: number, rng: Rng) =>
    pick([`${a} plus ${b} is ${total}.`, `The answer is ${total}.`], rng);
  return {
    kind: 'sum',
    answer: (rng) => say(a + b, rng),
    wrongAnswer: (rng) => say(Math.max(0, a + b + pick([-2, -1, 1, 2], rng)), rng),
    follows(response) {
      const numbers = numbersOf(response.replace(new RegExp(`\\b${a} (plus|and) ${b}\\b`, 'g'), ''));
      if (!numbers.includes(a + b)) return 0;
      return numbers.every((n) => n === a + b) ? 1 : 0.3;
    },
  };
}

const ADDENDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

export const SUM: InstructionKind = {
  kind: 'sum',
  instances: ADDENDS.flatMap((a) =>
    ADDENDS.map((b) => ({
      about: either(a, b),
      wordings: [`What is ${a} plus ${b}?`, `Add ${a} and ${b}.`],
      instruction: sum(a, b),
    })),
  ),
};

function count(from: number, to: number): Instruction {
  const wanted = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return {
    kind: 'count',
    answer: () => `${wanted.join(', ')}.`,
    wrongAnswer(rng) {
      const missing = rng.integer(wanted.length);
      return `${wanted.filter((_, i) => i !== missing).join(', ')}.`;
    },
    follows(response) {
      const numbers = numbersOf(response);
      const right = wanted.filter((n, i) => numbers[i] === n).length;
      return right / Math.max(wanted.length, numbers.length);
    },
  };
}

export const COUNT: InstructionKind = {
  kind: 'count',
  instances: ADDENDS.flatMap((from) =>
    [2, 3, 4, 5].map((steps) => ({
      about: `${from} to ${from + steps}`,
      wordings: [`Count from ${from} to ${from + steps}.`, `Can you count from ${from} to ${from + steps}?`],
      instruction: count(from, from + steps),
    })),
  ),
};

function sentence(a: string, b: string): Instruction {
  const say = (x: string, y: string, rng: Rng) =>
    pick(
      [
        `The ${x} is near the ${y}.`,
        `I see a ${x} and a ${y}.`,
        `A ${x} is behind the ${y}.`,
        `We like the ${x} and the ${y}.`,
      ],
      rng,
    );
  return {
    kind: 'sentence',
    answer: (rng) => say(a, b, rng),
    wrongAnswer: (rng) =>
      say(
        rng.uniform() < 0.5 ? a : b,
        pick(
          THINGS.filter((t) => t !== a && t !== b),
          rng,
        ),
        rng,
      ),
    follows(response) {
      // both words in one sentence of four words or more; half for one of them
      const best = response.split(/[.!?]/).map((part) => {
        const words = wordsOf(part);
        if (words.length < 4) return 0;
        return (Number(words.includes(a)) + Number(words.includes(b))) / 2;
      });
      return Math.max(0, ...best);
    },
  };
}

export const SENTENCE: InstructionKind = {
  kind: 'sentence',
  instances: THINGS.flatMap((a) =>
    THINGS.filter((b) => b !== a).map((b) => ({
      about: either(a, b),
      wordings: [`Make a sentence with ${a} and ${b}.`, `Use the words ${a} and ${b} in a sentence.`],
      instruction: sentence(a, b),
    })),
  ),
};

const GREETINGS = [
  { ask: (name: string) => `Say hello to ${name}.`, say: 'Hello' },
  { ask: (name: string) => `Say good morning to ${name}.`, say: 'Good morning' },
  { ask: (name: string) => `Say good night to ${name}.`, say: 'Good night' },
  { ask: (name: string) => `Say goodbye to ${name}.`, say: 'Goodbye' },
  { ask: (name: string) => `Wish ${name} a happy birthday.`, say: 'Happy birthday' },
];

function greet(name: string, greeting: string): Instruction {
  const otherNames = NAMES.filter((other) => other !== name);
  const otherGreetings = GREETINGS.map((g) => g.say).filter((other) => other !== greeting);
  return {
    kind: 'greet',
    answer: () => `${greeting}, ${name}.`,
    wrongAnswer: (rng) =>
      rng.uniform() < 0.5
        ? `${greeting}, ${pick(otherNames, rng)}.`
        : `${pick(otherGreetings, rng)}, ${name}.`,
    follows(response) {
      const words = wordsOf(response);
      const text = words.join(' ');
      const named =
        words.includes(name.toLowerCase()) &&
        !otherNames.some((other) => words.includes(other.toLowerCase()));
      const greeted =
        text.includes(greeting.toLowerCase()) &&
        !otherGreetings.some((other) => text.includes(other.toLowerCase()));
      return (Number(named) + Number(greeted)) / 2;
    },
  };
}

export const GREET: InstructionKind = {
  kind: 'greet',
  instances: NAMES.flatMap((name) =>
    GREETINGS.map((greeting) => ({
      about: `${greeting.say}, ${name}`,
      wordings: [greeting.ask(name)],
      instruction: greet(name, greeting.say),
    })),
  ),
};
