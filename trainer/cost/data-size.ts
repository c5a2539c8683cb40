/** Characters per token of small English vocabularies; only used for estimates before a run, whose tokenizer is not asked. */
export const CHARACTERS_PER_TOKEN = 3;
