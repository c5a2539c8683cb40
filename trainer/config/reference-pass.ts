/** Completions per forward pass of a frozen reference: their logits over a large vocabulary are what takes the memory. */
export const COMPLETIONS_PER_PASS = 16;
