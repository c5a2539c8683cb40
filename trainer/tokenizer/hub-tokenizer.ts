import { Tokenizer as HubTokenizer, PreTokenizer } from '@huggingface/tokenizers';
import type { AddedToken, TokenizerConfig, TokenizerFile } from './tokenizer-files.ts';

/**
 * The tokens that are cut out of a text before anything else, as transformers finds them: those of tokenizer.json, those that
 * only tokenizer_config.json lists, and the named ones, which are always special.
 */
export function addedTokens(
  file: TokenizerFile,
  config: TokenizerConfig,
  named: ReadonlySet<string>,
): AddedToken[] {
  const known = new Set(file.added_tokens.map(({ content }) => content));
  const listed = Object.entries(config.added_tokens_decoder ?? {})
    .filter(([, { content }]) => !known.has(content))
    .map(([id, token]) => ({ ...token, id: Number(id) }));
  for (const { content } of listed) known.add(content);
  const plain = [...named]
    .filter((content) => !known.has(content) && file.model.vocab[content] !== undefined)
    .map((content) => ({ id: file.model.vocab[content] as number, content, normalized: false }));
  return [...file.added_tokens, ...listed, ...plain].map((token) => ({
    ...token,
    special: ('special' in token && token.special) || named.has(token.content),
  }));
}

/** Puts characters back after the added tokens were found and before the text is cut any further. */
class RestoringPreTokenizer extends PreTokenizer {
  readonly inner: PreTokenizer | null;
  restore = (text: string): string => text;

  constructor(inner: PreTokenizer | null) {
    super();
    this.inner = inner;
  }

  pre_tokenize_text(text: string, options?: Parameters<PreTokenizer['pre_tokenize_text']>[1]): string[] {
    const restored = this.restore(text);
    return this.inner ? this.inner.pre_tokenize(restored, options) : [restored];
  }
}

/** The library's tokenizer, which finds the added tokens in a text and cuts what is between them. */
export function openHubTokenizer({
  file,
  config,
  tokens,
}: {
  file: TokenizerFile;
  config: TokenizerConfig;
  tokens: AddedToken[];
}) {
  const specialNames = new Set(tokens.filter(({ special }) => special).map(({ content }) => content));
  // no text may become a special token by merges or as a whole word either
  const vocab = Object.fromEntries(
    Object.entries(file.model.vocab).filter(([token]) => !specialNames.has(token)),
  );
  const hub = new HubTokenizer({ ...file, model: { ...file.model, vocab }, added_tokens: tokens }, config);
  for (const name of specialNames) hub.model?.tokens_to_ids.delete(name);
  const preTokenizer = new RestoringPreTokenizer(hub.pre_tokenizer);
  hub.pre_tokenizer = preTokenizer;
  return {
    encode(text: string, restore: (text: string) => string = (t) => t): number[] {
      if (text === '') return [];
      preTokenizer.restore = restore;
      return hub.encode(text, { add_special_tokens: false }).ids;
    },
    decode: (ids: number[]) => hub.decode(ids, { clean_up_tokenization_spaces: false }),
    has: (id: number) => hub.id_to_token(id) !== undefined,
  };
}
