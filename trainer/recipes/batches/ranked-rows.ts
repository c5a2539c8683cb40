import type { RankedExample } from '../../data/types.ts';
import { type RankedPair, rankedPairs } from '../../math/ranked-pairs.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';

/** One ranked example ready to score: K sequences of prompt + response + EOS. */
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
};

/**
 * Tokenises ranked examples. EOS is appended to every response (R7). Where prompt and longest response do not fit, the
 * prompt loses its start, by the same number of tokens for all responses of the example, so that how much is cut says
 * nothing about which response it is; a response that alone does not fit loses its end but keeps EOS last.
 */
export function rankedRows(
  examples: readonly RankedExample[],
  options: { tokenizer: Tokenizer; maxLength: number; tooLong: 'truncate-prompt' | 'drop'; useTies: boolean },
): { rows: RankedRow[]; counts: RankedCounts } {
  const { tokenizer, maxLength, tooLong, useTies } = options;
  const counts: RankedCounts = { kept: 0, promptsCut: 0, responsesCut: 0, dropped: 0, withoutPairs: 0 };
  const rows: RankedRow[] = [];
  for (const { id, prompt, responses, ranks, margin } of examples) {
    if (responses.length !== ranks.length) {
      throw new Error(`example ${id}: ${responses.length} responses but ${ranks.length} ranks`);
    }
    const pairs = rankedPairs(ranks, { useTies });
    if (pairs.length === 0) {
      counts.withoutPairs++;
      continue;
    }
    const promptIds = tokenizer.encodeChat(prompt, { addGenerationPrompt: true });
    const whole = responses.map((response) => [...tokenizer.encode(response), tokenizer.eosTokenId]);
    const longest = whole.reduce((max, ids) => Math.max(max, ids.length), 0);
    const fits = promptIds.length + longest <= maxLength;
    if (!fits && tooLong === 'drop') {
      counts.dropped++;
      continue;
    }
    // At least one prompt token stays: the role marker that says an answer follows.
    const room = maxLength - 1;
    const cut = whole.map((ids) =>
      ids.length <= room ? ids : [...ids.slice(0, room - 1), tokenizer.eosTokenId],
    );
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
  return { rows, counts };
}
