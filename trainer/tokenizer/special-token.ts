/** An entry of tokenizer.json's added_tokens: a token that stands for itself, never cut and never part of another. */
export function specialToken(id: number, content: string) {
  return {
    ...{ id, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  };
}
