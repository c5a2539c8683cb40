/** Pairs whose two answers are most alike to the reference: where DPO is likeliest to lower both (arXiv:2410.08847). */
import type { Sample } from '../../events.ts';
import { ches } from '../../math/ches.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import type { RankedRow } from '../batches/ranked-rows.ts';

/**
 * CHES of every pair, row after row in the order of its pairs, [P].
 *
 * @param meansSD mean hidden state of every completion, row after row, [S * D]
 */
export function chesOfPairs(rows: readonly RankedRow[], meansSD: Float32Array): Float32Array {
  const numCompletions = rows.reduce((sum, { sequences }) => sum + sequences.length, 0);
  const width = meansSD.length / numCompletions;
  if (!Number.isInteger(width))
    throw new Error(`chesOfPairs: ${meansSD.length} numbers are not ${numCompletions} hidden states`);
  const scores: number[] = [];
  let first = 0;
  for (const { sequences, pairs } of rows) {
    const meanD = (k: number) => meansSD.subarray((first + k) * width, (first + k + 1) * width);
    for (const { chosen, rejected } of pairs) scores.push(ches(meanD(chosen), meanD(rejected)));
    first += sequences.length;
  }
  return Float32Array.from(scores);
}

/** The decided pairs of highest CHES, highest first: chosen and rejected answer in turn, as samples. */
export function mostAlike(
  rows: readonly RankedRow[],
  chesP: Float32Array,
  { tokenizer, count }: { tokenizer: Pick<Tokenizer, 'decode'>; count: number },
): Sample[] {
  const pairs = rows.flatMap((row) => row.pairs.map((pair) => ({ row, ...pair })));
  return pairs
    .map((pair, p) => ({ ...pair, ches: chesP[p] as number }))
    .filter(({ target }) => target !== 0.5)
    .sort((a, b) => b.ches - a.ches)
    .slice(0, count)
    .flatMap(({ row, chosen, rejected, ches: score }) => {
      const prompt = tokenizer.decode((row.sequences[chosen] as number[]).slice(0, row.promptLength));
      const side = (k: number, isChosen: number): Sample => ({
        prompt,
        response: row.responses[k] as string,
        figures: { ches: score, chosen: isChosen },
      });
      return [side(chosen, 1), side(rejected, 0)];
    });
}
