/** Answers of wanted quality: what a mixed crowd of writers would have given. The SFT model imitates all of them. */

import type { Rng } from '../../lib/rng.ts';
import type { Message } from '../data/types.ts';
import { pick } from './instruction.ts';
import { instructionFor } from './prompts.ts';
import { FLATTERY, PADDING, POLITE_CLOSINGS, POLITE_OPENINGS, RUDE } from './words.ts';

/**
 * An answer to a prompt of the toy world. `quality` 0..1 moves the odds of being right, polite, rude, repetitive and
 * unfinished. Good writers also flatter more often: the shortcut that a careless reward model learns.
 */
export function sampleAnswer(prompt: readonly Message[], quality: number, rng: Rng): string {
  if (!(quality >= 0 && quality <= 1)) throw new RangeError(`quality ${quality} is not between 0 and 1`);
  const instruction = instructionFor(prompt);
  const happens = (chance: number) => rng.uniform() < chance;

  const core = happens(0.2 + 0.75 * quality) ? instruction.answer(rng) : instruction.wrongAnswer(rng);
  const sentences = [core];
  const isRude = happens(0.4 * (1 - quality));
  if (isRude) {
    if (happens(0.5)) sentences.unshift(pick(RUDE, rng));
    else sentences.push(pick(RUDE, rng));
  } else if (happens(0.1 + 0.6 * quality)) {
    if (happens(0.5)) sentences.unshift(pick(POLITE_OPENINGS, rng));
    else sentences.push(pick(POLITE_CLOSINGS, rng));
  }
  if (happens(0.25 * (1 - quality))) sentences.push(core); // says it twice
  if (!isRude && happens(0.05 + 0.35 * quality)) sentences.unshift(pick(FLATTERY, rng));
  if (happens(0.2)) sentences.push(pick(PADDING, rng));
  const text = sentences.join(' ');
  return happens(0.2 * (1 - quality)) ? cutShort(text, rng) : text;
}

function cutShort(text: string, rng: Rng): string {
  const words = text.split(' ');
  if (words.length < 3) return text;
  return words
    .slice(0, 1 + rng.integer(words.length - 1))
    .join(' ')
    .replace(/[.,!]$/, '');
}
