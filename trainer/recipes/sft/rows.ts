import type { SftExample } from '../../data/types.ts';
import { encodePrompt, type Refusal } from '../../tokenizer/encode-prompt.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';

/** A prompt with the answer to imitate, the turn's end last. */
export type Row = { promptIds: number[]; responseIds: number[] };

/** Prompt and answer are tokenised apart, as generation will meet them; rows too long and rows refused are left out. */
export function rowsOf(
  examples: readonly SftExample[],
  { tokenizer, maxLength }: { tokenizer: Tokenizer; maxLength: number },
): { rows: Row[]; tooLong: number; refused: Refusal[] } {
  const refused: Refusal[] = [];
  const all = examples.flatMap((example) => {
    const promptIds = encodePrompt(tokenizer, example, refused);
    const responseIds = [...tokenizer.encode(example.completion), tokenizer.turnEndId];
    return promptIds === null ? [] : [{ promptIds, responseIds }];
  });
  const rows = all.filter((row) => row.promptIds.length + row.responseIds.length <= maxLength);
  return { rows, tooLong: all.length - rows.length, refused };
}

/** Tokens that are trained on. */
export function countTokens(rows: readonly Row[]): number {
  return rows.reduce((sum, { responseIds }) => sum + responseIds.length, 0);
}
