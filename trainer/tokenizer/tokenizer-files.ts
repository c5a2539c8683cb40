/** What is read of tokenizer.json and tokenizer_config.json; other fields pass through to the library. */
import { z } from 'zod';

const addedTokenSchema = z.looseObject({
  id: z.number().int().min(0),
  content: z.string().min(1),
  special: z.boolean().default(false),
});
export const tokenizerFileSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema),
  model: z.looseObject({ type: z.string(), vocab: z.record(z.string(), z.number().int().min(0)) }),
});
/** A token's name, as a word or as an object with its `content`. */
export const namedToken = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform((t) => t.content),
]);
export const tokenizerConfigSchema = z.looseObject({
  bos_token: namedToken.nullish(),
  eos_token: namedToken,
  pad_token: namedToken.nullish(),
  unk_token: namedToken.nullish(),
  added_tokens_decoder: z.record(z.string(), addedTokenSchema.omit({ id: true })).nullish(),
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

export type AddedToken = z.output<typeof addedTokenSchema>;
export type TokenizerFile = z.output<typeof tokenizerFileSchema>;
export type TokenizerConfig = z.output<typeof tokenizerConfigSchema>;
