/** The files of a Hugging Face model or adapter folder that are taken in, by name; nothing else of a folder is read or kept. */

/** Files that belong to the tokenizer and travel with the weights unchanged. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'vocab.json',
  'merges.txt',
] as const;

const TEXT_FILES = new Set<string>([
  'config.json',
  'generation_config.json',
  'model.safetensors.index.json',
  'adapter_config.json',
  'README.md',
  ...TOKENIZER_FILES,
]);
const WEIGHT_FILE = /^(model(-\d{5}-of-\d{5})?|adapter_model)\.safetensors$/;

/** Far above any tokenizer or index, far below what would hurt to parse. */
export const MAX_TEXT_BYTES = 64 * 2 ** 20;
/** Of one model, all files together. */
export const MAX_MODEL_BYTES = 256 * 2 ** 30;
/** Shards and texts of one model. */
export const MAX_MODEL_FILES = 1000;

/** What a file of this name is, or null for one that is not taken in. Names with folders in them are none of these. */
export function modelFileKind(name: string): 'weights' | 'text' | null {
  if (WEIGHT_FILE.test(name)) return 'weights';
  return TEXT_FILES.has(name) ? 'text' : null;
}

/** Why a file of this name and size is not taken in, or null when it may be. */
export function modelFileProblem(name: string, bytes: number): string | null {
  const kind = modelFileKind(name);
  if (kind === null)
    return `"${name.slice(0, 80)}" is no file of a model folder; expected config.json, tokenizer files and safetensors`;
  const limit = kind === 'weights' ? MAX_MODEL_BYTES : MAX_TEXT_BYTES;
  return bytes > limit ? `${name} has ${bytes} bytes, at most ${limit} are taken` : null;
}
