/** The gate that every text passes where it enters: imports, what people type, command lines. */
import { z } from 'zod';

/** Deepest nesting of a row: what walks over it later (canonical JSON, say) calls itself once a level. */
const MAX_DEPTH = 100;
// with the u flag a surrogate matches only where it stands alone
const LONE_SURROGATE = /\p{Surrogate}/u;

/** False for text with half of a surrogate pair: no bytes of UTF-8 give it back. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * Why a text cannot be kept as it is, or null. Half of a surrogate pair has no UTF-8: hashes and SQLite would each see another
 * text in its place. NUL ends strings in C, and means that a file is no text or not UTF-8.
 */
export function textProblem(text: string): string | null {
  const lone = LONE_SURROGATE.exec(text);
  if (lone) {
    const unit = text.charCodeAt(lone.index).toString(16);
    return `holds half of a surrogate pair (\\u${unit} at ${lone.index}), as a text cut through an emoji does`;
  }
  const nul = text.indexOf('\0');
  return nul >= 0 ? `holds NUL (\\u0000 at ${nul})` : null;
}

/**
 * The first text (or number) in a JSON value that cannot be kept, with its place ("chosen[1].content"), or null. Names of keys count. Does
 * not call itself: a row nested a million deep is refused like any other.
 */
export function findMalformedText(value: unknown): { place: string; problem: string } | null {
  const waiting: { value: unknown; place: string; depth: number }[] = [{ value, place: '', depth: 0 }];
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    const { place, depth } = entry;
    if (typeof entry.value === 'string') {
      const problem = textProblem(entry.value);
      if (problem !== null) return { place, problem };
    } else if (typeof entry.value === 'number' && !Number.isFinite(entry.value)) {
      // what JSON.parse makes of 1e999; JSON has no way to say it again
      return { place, problem: 'is a number too large to be kept' };
    } else if (typeof entry.value === 'object' && entry.value !== null) {
      if (depth >= MAX_DEPTH) {
        return { place: place.slice(0, 80), problem: `is nested more than ${MAX_DEPTH} levels deep` };
      }
      const isList = Array.isArray(entry.value);
      // pushed backwards, so that the first place in reading order is found first
      for (const [key, inner] of Object.entries(entry.value).reverse()) {
        const problem = isList ? null : textProblem(key);
        if (problem !== null) return { place: place || 'the row', problem: `has a key that ${problem}` };
        const at = isList ? `${place}[${key}]` : place === '' ? key : `${place}.${key}`;
        waiting.push({ value: inner, place: at, depth: depth + 1 });
      }
    }
  }
  return null;
}

/** A text that a person or an API client sends. Every text of every input schema is made from it. */
export function inputText() {
  return z.string().refine((text) => textProblem(text) === null, {
    error: (issue) => `This text ${textProblem(String(issue.input)) ?? 'cannot be kept'}.`,
    abort: true,
  });
}

/** A record of any JSON values that a person or an API client sends, such as the config of a run. */
export function inputValues() {
  return z.record(z.string(), z.unknown()).refine((values) => findMalformedText(values) === null, {
    error: (issue) => {
      const found = findMalformedText(issue.input);
      return `${found?.place} ${found?.problem}`;
    },
  });
}
