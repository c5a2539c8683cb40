import type { Rng } from '../../../lib/rng.ts';
import type { UnpairedExample } from '../../data/types.ts';
import { encodePrompt, type Refusal } from '../../tokenizer/encode-prompt.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import type { CompletionRow } from '../batches/completion-batch.ts';

/** One labelled answer, ready for the model. */
export type UnpairedRow = CompletionRow & { id: string; isDesirable: boolean; completion: string };

/**
 * Answers as rows, the turn's end included; what is longer than maxLength is counted and left out, and rows that the chat template
 * refuses are told in `refused`.
 */
export function unpairedRows(
  examples: readonly UnpairedExample[],
  { tokenizer, maxLength }: { tokenizer: Tokenizer; maxLength: number },
): { rows: UnpairedRow[]; tooLong: number; refused: Refusal[] } {
  const rows: UnpairedRow[] = [];
  const refused: Refusal[] = [];
  let tooLong = 0;
  for (const example of examples) {
    const promptIds = encodePrompt(tokenizer, example, refused);
    if (promptIds === null) continue;
    const { id, isDesirable, completion } = example;
    const responseIds = [...tokenizer.encode(completion), tokenizer.turnEndId];
    if (promptIds.length + responseIds.length > maxLength) tooLong++;
    else rows.push({ id, isDesirable, completion, promptIds, responseIds });
  }
  return { rows, tooLong, refused };
}

/**
 * For each row its prompt with an answer to another prompt: the next in a shuffled order whose prompt differs. Both answers to one
 * prompt stand side by side in preference data, and such a pair would be a matched one. Where all prompts are one, the next row's.
 */
export function mismatchedRows(rows: readonly UnpairedRow[], rng: Rng): CompletionRow[] {
  const order = rng.shuffle(rows.map((_, i) => i));
  const promptOf = rows.map(({ promptIds }) => promptIds.join(' '));
  const result: CompletionRow[] = new Array(rows.length);
  order.forEach((i, place) => {
    let other = order[(place + 1) % order.length] as number;
    for (let step = 1; step < order.length; step++) {
      const candidate = order[(place + step) % order.length] as number;
      if (promptOf[candidate] !== promptOf[i]) {
        other = candidate;
        break;
      }
    }
    result[i] = {
      promptIds: (rows[i] as UnpairedRow).promptIds,
      responseIds: (rows[other] as UnpairedRow).responseIds,
    };
  });
  return result;
}
