/**
 * Score of a response after the missing-EOS rule and clipping (training.md P6, P12). The rule SETS the score where no stop
 * token was drawn, as lm-human-preferences and N+ do: the worst case is bounded, and endless text cannot win by a high
 * reward-model score. Only the response decides `ended`, never the prompt (trl #6805).
 */
export function finalScore(args: {
  score: number;
  ended: boolean;
  missingEosScore: number | null;
  clip: number;
}): number {
  const { score, ended, missingEosScore, clip } = args;
  const ruled = ended || missingEosScore === null ? score : missingEosScore;
  return Math.min(clip, Math.max(-clip, ruled));
}
