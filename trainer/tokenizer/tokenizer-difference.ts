/**
 * Whether two folders have one tokenizer: the same text gives the same ids. Files are compared by what they mean, since
 * transformers writes them in another order, with other spaces, and with what it takes for granted left out or put in.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { addedTokens } from './hub-tokenizer.ts';
import { parseFile } from './parse-file.ts';
import { namedTokens, tokenizerConfigSchema, tokenizerFileSchema } from './tokenizer-files.ts';

type Json = Record<string, unknown>;

/** Fields that say nothing about ids, and what the others are where they are left out. */
const IGNORED = ['trim_offsets'];
const DEFAULTS: Record<string, Json> = {
  ByteLevel: { add_prefix_space: true, use_regex: true },
  Metaspace: { replacement: '▁', prepend_scheme: 'always', split: true },
  Split: { invert: false },
  Digits: { individual_digits: false },
  AddedToken: { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false },
  Model: {
    ...{ dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
    ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
  },
};

/** The first difference in words, or null when texts get the same ids from both. @throws Error when a file cannot be read */
export function tokenizerDifference(folder: string, other: string): string | null {
  const [a, b] = [meaningOf(folder), meaningOf(other)];
  return (
    mapDifference('token', a.ids, b.ids) ??
    mapDifference('added token', a.added, b.added) ??
    listDifference(a.merges, b.merges) ??
    ['model', 'normalizer', 'pre_tokenizer']
      .filter((part) => !isDeepStrictEqual(a.parts[part], b.parts[part]))
      .map((part) => `${part} is ${shown(a.parts[part])}, not ${shown(b.parts[part])}`)[0] ??
    null
  );
}

function meaningOf(folder: string) {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const path = join(folder, 'tokenizer.json');
  const file = parseFile(tokenizerFileSchema, read('tokenizer.json'), path) as z.output<
    typeof tokenizerFileSchema
  > &
    Json;
  const configPath = join(folder, 'tokenizer_config.json');
  const config = existsSync(configPath)
    ? parseFile(tokenizerConfigSchema.partial(), read('tokenizer_config.json'), configPath)
    : {};
  const { vocab: _, merges, ...settings } = file.model as Json;
  const tokens = addedTokens(file, config, new Set(Object.values(namedTokens(config))));
  const listed = Object.entries(file.model.vocab).map(([token, id]) => [token, `${id}`] as const);
  return {
    ids: new Map<string, unknown>([
      ...listed,
      ...tokens.map(({ content, id }) => [content, `${id}`] as const),
    ]),
    added: new Map<string, unknown>(
      tokens.map(({ content, ...token }) => [content, { ...DEFAULTS.AddedToken, ...token }]),
    ),
    // older files write a merge as "a b"
    merges: ((merges ?? []) as (string | string[])[]).map((pair) =>
      typeof pair === 'string' ? pair : pair.join(' '),
    ),
    parts: {
      model: emptyAsNull({ ...DEFAULTS.Model, ...settings }),
      normalizer: canonical(file.normalizer),
      pre_tokenizer: canonical(file.pre_tokenizer),
    } as Json,
  };
}

/** A step with what it takes for granted put in; a sequence of one is that one, an empty one is nothing. */
function canonical(step: unknown): unknown {
  if (typeof step !== 'object' || step === null) return null;
  const { type, ...fields } = step as Json & { type: string };
  const inner = (fields.normalizers ?? fields.pretokenizers) as unknown[] | undefined;
  if (type === 'Sequence' && inner) {
    const steps = inner.flatMap((one) => {
      const made = canonical(one);
      if (made === null) return [];
      return Array.isArray(made) ? made : [made];
    });
    return steps.length > 1 ? steps : (steps[0] ?? null);
  }
  const meant = Object.entries({ ...DEFAULTS[type], ...fields }).filter(([name]) => !IGNORED.includes(name));
  return { type, ...Object.fromEntries(meant) };
}

function emptyAsNull(settings: Json): Json {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, value === '' ? null : value]),
  );
}

function mapDifference(what: string, a: Map<string, unknown>, b: Map<string, unknown>): string | null {
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [mine, theirs] = [a.get(key), b.get(key)];
    if (!isDeepStrictEqual(mine, theirs))
      return `${what} ${JSON.stringify(key)} is ${shown(mine)}, not ${shown(theirs)}`;
  }
  return null;
}

function listDifference(a: readonly string[], b: readonly string[]): string | null {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++)
    if (a[i] !== b[i]) return `merge ${i} is ${shown(a[i])}, not ${shown(b[i])}`;
  return null;
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
