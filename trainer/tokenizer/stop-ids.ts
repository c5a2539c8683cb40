import type { Tokenizer } from './load-tokenizer.ts';

/**
 * The ids after which an answer is over, wherever one is sampled: what the chat template writes after an assistant's message, the
 * tokenizer's eos, and those of generation_config.json (an instruct model often names several).
 */
export function stopIds(
  { turnEndId, eosTokenId }: Pick<Tokenizer, 'turnEndId' | 'eosTokenId'>,
  generationConfig: { eosTokenIds: readonly number[] },
): number[] {
  return [...new Set([turnEndId, eosTokenId, ...generationConfig.eosTokenIds])];
}

/** A sampled answer without the id that stopped it. */
export function withoutStop(ids: readonly number[], ended: boolean): readonly number[] {
  return ended ? ids.slice(0, -1) : ids;
}
