/**
 * What follows `Bearer` in the Authorization header, or null when the request is none of a token. A malformed one is a token
 * request as well (the empty text, or text with spaces): it is refused, and never falls back on a cookie.
 */
export function bearerToken(headers: Headers): string | null {
  const header = headers.get('authorization') ?? '';
  return /^bearer\b/i.test(header) ? header.slice('bearer'.length).trim() : null;
}
