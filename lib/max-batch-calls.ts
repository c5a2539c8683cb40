/** Calls that may come in one request: the pages keep to it, and the server refuses more. */
export const MAX_BATCH_CALLS = 20;
