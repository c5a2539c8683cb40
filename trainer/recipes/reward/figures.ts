/** Figures of a reward run under TRL's names (docs/metrics.md). Shapes: M responses of all prompts of a step. */
import type { Sample } from '../../events.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { type RankedAccuracy, rankedAccuracy } from '../batches/ranked-accuracy.ts';
import type { RankedRow } from '../batches/ranked-rows.ts';

/** What the scores of a step's responses say, measured before its update. */
export function batchFigures(rows: readonly RankedRow[], scoresM: Float32Array): Record<string, number> {
  const { accuracy, strict, margin, meanScore } = rankedAccuracy(rows, scoresM);
  return {
    // Ties only: there is no pair to be right about, and no number is better than a made-up one.
    ...(Number.isNaN(accuracy) ? {} : { accuracy, accuracy_strict: strict, margin }),
    mean_reward: meanScore,
    min_reward: scoresM.reduce((a, b) => Math.min(a, b)),
    max_reward: scoresM.reduce((a, b) => Math.max(a, b)),
  };
}

/** Figures of the held-out rows. */
export function evaluationFigures(measured: RankedAccuracy): Record<string, number> {
  const { loss, accuracy, strict, margin, meanScore, stdScore } = measured;
  const metrics = {
    eval_loss: loss,
    eval_accuracy: accuracy,
    eval_accuracy_strict: strict,
    eval_margin: margin,
    eval_mean_reward: meanScore,
    eval_std_reward: stdScore,
  };
  // held-out rows that are all ties have no accuracy
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => !Number.isNaN(value)));
}

/**
 * Answers as they were judged and as they are scored.
 * @param scoresM one for each of the sequences of the rows, row after row; those of further rows may follow
 */
export function scoredSamples(
  rows: readonly RankedRow[],
  scoresM: Float32Array,
  tokenizer: Pick<Tokenizer, 'decode'>,
): Sample[] {
  let first = 0;
  return rows.flatMap(({ sequences, promptLength, responses, pairs }) => {
    const from = first;
    first += sequences.length;
    return sequences.map((ids, k) => ({
      prompt: tokenizer.decode(ids.slice(0, promptLength)),
      response: responses[k] as string,
      figures: {
        score: scoresM[from + k] as number,
        rank: 1 + pairs.filter(({ rejected, target }) => rejected === k && target !== 0.5).length,
      },
    }));
  });
}
