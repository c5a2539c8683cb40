import { k1 } from './kl.ts';

/**
 * Per-token reward of one response: -beta * k1 at every action token, plus the score once (training.md P8).
 * `scoreIndex` is the last action token, EOS where there is one, as in OpenRLHF and lm-human-preferences; TRL puts it one
 * later where there is room, which is why it is an argument.
 *
 * @param logProbs, refLogProbs [T] of the response tokens, nats; entries past `length` are not read
 * @returns [T], 0 past `length` (except the score, when `scoreIndex` is there)
 */
export function shapedRewards(args: {
  logProbs: ArrayLike<number>;
  refLogProbs: ArrayLike<number>;
  length: number;
  score: number;
  beta: number;
  scoreIndex?: number;
}): Float64Array {
  const { logProbs, refLogProbs, length, score, beta } = args;
  const scoreIndex = args.scoreIndex ?? length - 1;
  if (length < 1 || length > logProbs.length || scoreIndex < 0 || scoreIndex >= logProbs.length) {
    throw new Error(
      `shapedRewards: length ${length} and score index ${scoreIndex} do not fit ${logProbs.length} tokens`,
    );
  }
  const rewards = new Float64Array(logProbs.length);
  for (let t = 0; t < length; t++) {
    rewards[t] = -beta * k1(logProbs[t] as number, refLogProbs[t] as number);
  }
  rewards[scoreIndex] = (rewards[scoreIndex] as number) + score;
  return rewards;
}
