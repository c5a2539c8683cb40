import type { SftExample } from '../../data/types.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';

/** A prompt with the answer to imitate, EOS last. */
export type Row = { promptIds: number[]; responseIds: number[] };

/** Prompt and answer are tokenised apart, as generation will meet them; rows too long are counted and left out. */
export function rowsOf(
  examples: readonly SftExample[],
  { tokenizer, maxLength }: { tokenizer: Tokenizer; maxLength: number },
): { rows: Row[]; tooLong: number } {
  const all = examples.map(({ prompt, completion }) => ({
    promptIds: tokenizer.encodeChat(prompt, { addGenerationPrompt: true }),
    responseIds: [...tokenizer.encode(completion), tokenizer.eosTokenId],
  }));
  const rows = all.filter((row) => row.promptIds.length + row.responseIds.length <= maxLength);
  return { rows, tooLong: all.length - rows.length };
}

/** Tokens that are trained on. */
export function countTokens(rows: readonly Row[]): number {
  return rows.reduce((sum, { responseIds }) => sum + responseIds.length, 0);
}
