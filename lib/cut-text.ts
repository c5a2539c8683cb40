const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
/** A cluster longer than this (stacked accents have no end) is cut at a code point like any other text. */
const LONGEST_GRAPHEME = 64;
const LONGEST_LOOK_BACK = 1024;

/** The last place at or before `at` where a text may be cut without halving a character as people see it. */
export function cutPlace(text: string, at: number): number {
  if (at <= 0) return 0;
  if (at >= text.length) return text.length;
  // a cluster begins at every ASCII character: the text before it need not be looked at
  let from = at - 1;
  while (from > 0 && at - from < LONGEST_LOOK_BACK && text.charCodeAt(from) >= 0x80) from--;
  const around = text.slice(from, at + LONGEST_GRAPHEME);
  const place = from + (graphemes.segment(around).containing(at - from)?.index ?? at - from);
  if (at - place <= LONGEST_GRAPHEME) return place;
  return isInsidePair(text, at) ? at - 1 : at;
}

/** The text's beginning, at most `length` UTF-16 units long; never half a surrogate pair or emoji. */
export function cutText(text: string, length: number): string {
  return text.slice(0, cutPlace(text, length));
}

/** Shortens a text for an error message or a list: one line, at most `length` UTF-16 units. */
export function excerpt(text: string, length = 60): string {
  // enough of it: a text of megabytes is not flattened for one line
  const start = cutText(text, 20 * length);
  const flat = start.replace(/\s+/g, ' ').trim();
  return flat.length <= length && start.length === text.length ? flat : `${cutText(flat, length - 1)}…`;
}

function isInsidePair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
