import type { FloatDtype } from '../model/files/safetensors.ts';
import { parseOptions } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

export type ImportModelOptions = {
  source:
    | { kind: 'llama2c'; model: string; tokenizer: string }
    | { kind: 'adapter'; model: string; adapter: string }
    | { kind: 'chatml'; model: string };
  out: string;
  dtype: FloatDtype;
  json: boolean;
};

const DTYPES: Record<string, FloatDtype> = { float32: 'F32', bfloat16: 'BF16', float16: 'F16' };

export const IMPORT_MODEL_HELP = `npm run import-model -- --llama2c <file> --tokenizer <file> --out <folder>
npm run import-model -- --model <folder> --adapter <folder> --out <folder>
npm run import-model -- --model <folder> --chatml --out <folder>

Writes a model folder in Hugging Face's layout: from a model of llama2.c (version 0) and its tokenizer, from a model with
a PEFT LoRA adapter merged into it, or from a base model (GPT-2, say) with what a conversation needs: ChatML's template, its two
markers as tokens, and the old end of text as padding.

Options
  --dtype float32    how weights are stored: float32, bfloat16 or float16
  --json             print one JSON object, last, on standard output
`;

/** Throws UsageError naming the option and what was expected. */
export function parseImportModelOptions(argv: readonly string[]): ImportModelOptions {
  const { values, positionals } = parseOptions(argv, {
    llama2c: { type: 'string' },
    tokenizer: { type: 'string' },
    model: { type: 'string' },
    adapter: { type: 'string' },
    chatml: { type: 'boolean' },
    out: { type: 'string' },
    dtype: { type: 'string' },
    json: { type: 'boolean' },
  });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"; options begin with --`);
  const { llama2c, tokenizer, model, adapter, chatml = false, out, dtype: type = 'float32' } = values;
  if (out === undefined) throw new UsageError('--out is missing: a folder for the model');
  const dtype = Object.hasOwn(DTYPES, type) ? DTYPES[type] : undefined;
  if (!dtype)
    throw new UsageError(`--dtype is "${type}"; expected one of: ${Object.keys(DTYPES).join(', ')}`);
  const rest = { out, dtype, json: values.json ?? false };
  if (llama2c !== undefined && model === undefined && adapter === undefined && !chatml) {
    if (tokenizer === undefined) throw new UsageError("--tokenizer is missing: the model's tokenizer.bin");
    return { source: { kind: 'llama2c', model: llama2c, tokenizer }, ...rest };
  }
  if (model !== undefined && llama2c === undefined && tokenizer === undefined) {
    if (adapter !== undefined && !chatml) return { source: { kind: 'adapter', model, adapter }, ...rest };
    if (adapter === undefined && chatml) return { source: { kind: 'chatml', model }, ...rest };
  }
  throw new UsageError('expected --llama2c and --tokenizer, --model and --adapter, or --model and --chatml');
}
