/**
 * Annotators made of arithmetic, marked as simulated wherever their judgments go. A noisy view of the true reward plus a
 * liking for long and flattering answers; the noise is Gumbel, so that two answers compare as Bradley-Terry and a ranking
 * is Plackett-Luce.
 */
import { createHash } from 'node:crypto';
import { createRng } from '../../lib/rng.ts';
import type { Message } from '../data/types.ts';
import { wordsOf } from './instruction.ts';
import { countFlattery, trueReward } from './true-reward.ts';

export type SimulatedAnnotator = {
  /** rank of each response, 0 = best, equal numbers = tie; the same question gets the same answer, in any order of asking */
  rank(prompt: readonly Message[], responses: readonly string[]): number[];
  /** what the ranks follow, in log-odds, its noise included: what an annotator goes by who calls two answers both bad */
  feltValue(prompt: readonly Message[], response: string): number;
};

/** log-odds that the whole range of the true reward is worth to an annotator of skill 1 */
const TRUE_SCALE = 12;

/**
 * @param skill 0 (guesses) to 1 (0.1 of true reward apart: right 77 times in 100), without bias
 * @param biasToLength log-odds for ten more words, and for one more phrase of flattery
 * @param tieWithin differences of felt value (log-odds) under this are called a tie
 */
export function simulatedAnnotator(args: {
  skill: number;
  biasToLength: number;
  seed: number;
  tieWithin?: number;
}): SimulatedAnnotator {
  const { skill, biasToLength, seed, tieWithin = 0.15 } = args;
  const feltValue = (prompt: readonly Message[], response: string): number => {
    // the draw belongs to the answer, not to its place on the screen
    const key = createHash('sha256')
      .update(JSON.stringify([prompt.at(-1)?.content, response]))
      .digest('hex');
    const gumbel = -Math.log(-Math.log(createRng(seed, `annotator/${key}`).uniform() || Number.MIN_VALUE));
    const liking = biasToLength * (Math.min(wordsOf(response).length, 40) / 10 + countFlattery(response));
    return skill * TRUE_SCALE * trueReward(prompt, response).total + liking + gumbel;
  };
  return {
    feltValue,
    rank: (prompt, responses) =>
      ranksOf(
        responses.map((response) => feltValue(prompt, response)),
        tieWithin,
      ),
  };
}

/** Best first; a value joins the rank of the one before it when they are closer than `tieWithin`. */
function ranksOf(values: readonly number[], tieWithin: number): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const ranks = new Array<number>(values.length).fill(0);
  let rank = 0;
  order.forEach((index, place) => {
    const above = order[place - 1];
    if (above !== undefined && (values[above] ?? 0) - (values[index] ?? 0) >= tieWithin) rank++;
    ranks[index] = rank;
  });
  return ranks;
}
