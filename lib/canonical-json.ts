import canonicalize from 'canonicalize';

/** RFC 8785 text of a JSON value: the one spelling that hashes are taken over. Throws on undefined, functions, NaN. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`Not a JSON value: ${typeof value}`);
  return text;
}
