import type { Rng } from '../../lib/rng.ts';

/** One thing that can be asked: what a right and a wrong answer say, and how far a text does what was asked. */
export type Instruction = {
  kind: string;
  /** a sentence that does what was asked */
  answer(rng: Rng): string;
  /** a sentence of the right form that does not */
  wrongAnswer(rng: Rng): string;
  /** 0 (not at all) to 1 (fully); takes any text */
  follows(response: string): number;
};

/** A family of instructions: every instance with all its wordings. */
export type InstructionKind = {
  kind: string;
  instances: readonly {
    /** what has to be known or done; the same for the mirror image of a question, and never for two things of one kind */
    about: string;
    wordings: readonly string[];
    instruction: Instruction;
  }[];
};

/** Names what is asked of two things, whichever comes first. */
export function either(a: string | number, b: string | number): string {
  return [String(a), String(b)].sort().join(' & ');
}

/** Lower-case words and numbers of a text, punctuation left out. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

export function pick<T>(items: readonly T[], rng: Rng): T {
  const item = items[rng.integer(items.length)];
  if (item === undefined) throw new Error('pick: nothing to pick from');
  return item;
}

/** "a cat", "an apple" */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
