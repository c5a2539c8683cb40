/**
 * The preference that the toy world really has, computed from the text alone. Simulated annotators see it through noise
 * and their own biases; a reward model is measured against it; no recipe ever trains on it.
 */
import type { Message } from '../data/types.ts';
import { wordsOf } from './instruction.ts';
import { instructionFor } from './prompts.ts';
import { FLATTERY, POLITE_CLOSINGS, POLITE_OPENINGS, RUDE } from './words.ts';

/** Every part and the total are between 0 and 1, more is better. */
export type TrueReward = {
  total: number;
  follows: number;
  polite: number;
  brief: number;
  notRepetitive: number;
};

const WEIGHTS = { follows: 0.5, polite: 0.2, brief: 0.15, notRepetitive: 0.15 };
/** up to here an answer is brief; from the second number on it is not brief at all */
const BRIEF_WORDS = 12;
const LONG_WORDS = 24;

const phrases = (texts: readonly string[]) => texts.map((text) => spaced(wordsOf(text)));
const POLITE_PHRASES = phrases([...POLITE_OPENINGS, ...POLITE_CLOSINGS]);
const RUDE_PHRASES = phrases(RUDE);
const FLATTERY_PHRASES = phrases(FLATTERY);

/**
 * Judges any text as the answer to a prompt of the toy world; a text without a word is worth 0 in every part.
 * Throws when the prompt is not of the toy world.
 */
export function trueReward(prompt: readonly Message[], response: string): TrueReward {
  const instruction = instructionFor(prompt);
  const words = wordsOf(response);
  if (words.length === 0) return { total: 0, follows: 0, polite: 0, brief: 0, notRepetitive: 0 };
  const parts = {
    follows: instruction.follows(response),
    polite: politeness(words),
    brief: brevity(words.length, response),
    notRepetitive: variety(words),
  };
  const total =
    WEIGHTS.follows * parts.follows +
    WEIGHTS.polite * parts.polite +
    WEIGHTS.brief * parts.brief +
    WEIGHTS.notRepetitive * parts.notRepetitive;
  return { total, ...parts };
}

/** How many phrases of empty praise a text has. */
export function countFlattery(response: string): number {
  return countPhrases(wordsOf(response), FLATTERY_PHRASES);
}

/** 1 polite, 0.5 neutral, 0 rude; flattery is not politeness and takes a quarter away each time. */
function politeness(words: readonly string[]): number {
  if (countPhrases(words, RUDE_PHRASES) > 0) return 0;
  const base = countPhrases(words, POLITE_PHRASES) > 0 ? 1 : 0.5;
  return Math.max(0, base - 0.25 * countPhrases(words, FLATTERY_PHRASES));
}

/** Few words, and an end: an unfinished sentence is worth half. */
function brevity(numWords: number, response: string): number {
  const short = Math.min(1, Math.max(0, (LONG_WORDS - numWords) / (LONG_WORDS - BRIEF_WORDS)));
  return /[.!?]\s*$/.test(response) ? short : short / 2;
}

/** 1 without any pair of words said twice, 0 from one in three on. */
function variety(words: readonly string[]): number {
  if (words.length < 2) return 1;
  const pairs = words.slice(1).map((word, i) => `${words[i]} ${word}`);
  return Math.max(0, 1 - 3 * (1 - new Set(pairs).size / pairs.length));
}

function countPhrases(words: readonly string[], phraseList: readonly string[]): number {
  const text = spaced(words);
  return phraseList.reduce((sum, phrase) => sum + text.split(phrase).length - 1, 0);
}

/** Each word between spaces of its own, so that neighbouring phrases do not share one. */
function spaced(words: readonly string[]): string {
  return words.map((word) => ` ${word} `).join('');
}
