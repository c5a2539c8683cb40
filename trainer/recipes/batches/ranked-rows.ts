import type { RankedExample } from '../../data/types.ts';
import { type RankedPair, rankedPairs } from '../../math/ranked-pairs.ts';
import { encodePrompt, type Refusal } from '../../tokenizer/encode-prompt.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { distinctPairs } from './distinct-pairs.ts';

/** One ranked example ready to score: K sequences of prompt + response + the turn's end. */
export type RankedRow = {
  id: string;
  sequences: number[][];
  /** tokens at the head of every sequence that are the prompt's */
  promptLength: number;
  pairs: RankedPair[];
  margin: number;
  /** the texts as judged, for the baselines that need no model */
  responses: string[];
  /** tokens of the longest response, EOS included */
  longestResponse: number;
};

/** What became of the examples (training.md R12: decide, count, log). */
export type RankedCounts = {
  kept: number;
  promptsCut: number;
  responsesCut: number;
  dropped: number;
  withoutPairs: number;
  /** pairs, not examples, of which both sides are the same tokens after cutting */
  identicalPairs: number;
};

/**
 * Tokenises ranked examples. The turn's end is appended to every response (R7). Where prompt and longest response do not fit, the
 * prompt loses its start, by the same number of tokens for all responses of the example, so that how much is cut says
 * nothing about which response it is; a response that alone does not fit loses its end but keeps the turn's end last. Pairs that are then the
 * same tokens are dropped, and rows that the chat template refuses are told in `refused`.
 */
export function rankedRows(
  examples: readonly RankedExample[],
  options: { tokenizer: Tokenizer; maxLength: number; tooLong: 'truncate-prompt' | 'drop'; useTies: boolean },
): { rows: RankedRow[]; counts: RankedCounts; refused: Refusal[] } {
  const { tokenizer, maxLength, tooLong, useTies } = options;
  const counts: RankedCounts = {
    kept: 0,
    promptsCut: 0,
    responsesCut: 0,
    dropped: 0,
    withoutPairs: 0,
    identicalPairs: 0,
  };
  const rows: RankedRow[] = [];
  const refused: Refusal[] = [];
  for (const example of examples) {
    const { id, responses, ranks, margin } = example;
    if (responses.length !== ranks.length) {
      throw new Error(`example ${id}: ${responses.length} responses but ${ranks.length} ranks`);
    }
    const all = rankedPairs(ranks, { useTies });
    if (all.length === 0) {
      counts.withoutPairs++;
      continue;
    }
    const promptIds = encodePrompt(tokenizer, example, refused);
    if (promptIds === null) continue;
    const whole = responses.map((response) => [...tokenizer.encode(response), tokenizer.turnEndId]);
    const longest = whole.reduce((max, ids) => Math.max(max, ids.length), 0);
    const fits = promptIds.length + longest <= maxLength;
    if (!fits && tooLong === 'drop') {
      counts.dropped++;
      continue;
    }
    // At least one prompt token stays: the role marker that says an answer follows.
    const room = maxLength - 1;
    const cut = whole.map((ids) =>
      ids.length <= room ? ids : [...ids.slice(0, room - 1), tokenizer.turnEndId],
    );
    const { pairs, identical } = distinctPairs(all, cut);
    counts.identicalPairs += identical;
    if (pairs.length === 0) continue;
    const longestResponse = Math.min(longest, room);
    if (!fits) counts.promptsCut++;
    if (longest > room) counts.responsesCut++;
    const context = promptIds.slice(-Math.min(promptIds.length, maxLength - longestResponse));
    counts.kept++;
    rows.push({
      id,
      sequences: cut.map((ids) => [...context, ...ids]),
      promptLength: context.length,
      pairs,
      margin,
      responses,
      longestResponse,
    });
  }
  return { rows, counts, refused };
}
