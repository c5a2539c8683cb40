/**
 * Keeps the names of special tokens in a user's text apart from those a chat template writes. A noncharacter (never text,
 * Unicode 23.7) is put into each name in the content before rendering; what the template wrote stays whole.
 */
const BREAK = '\ufdd0';

/** Breaks every special token's name in `content`; splitSpecials takes the breaks out again. */
export function escapeSpecials(content: string, names: readonly string[]): string {
  const pattern = namePattern(names);
  let escaped = content.replaceAll(BREAK, BREAK + BREAK);
  if (pattern === null) return escaped;
  // again until none is left: breaking one name may leave another that overlapped it
  for (let before = ''; before !== escaped; ) {
    before = escaped;
    escaped = before.replace(pattern, (name) => {
      const [first = ''] = name;
      return `${first}${BREAK}${name.slice(first.length)}`;
    });
  }
  return escaped;
}

/** Cuts rendered text at whole names; the text between is given back as the user wrote it. */
export function splitSpecials(
  rendered: string,
  names: readonly string[],
): { special: boolean; text: string }[] {
  const pattern = namePattern(names);
  const pieces = pattern === null ? [rendered] : rendered.split(pattern);
  return pieces
    .map((text, i) => ({
      special: i % 2 === 1,
      text: i % 2 === 1 ? text : text.replace(/\ufdd0(\ufdd0?)/g, '$1'),
    }))
    .filter((piece) => piece.text !== '');
}

/** Matches any of the names, the longest first. A name of one character could not be broken and is no name here. */
function namePattern(names: readonly string[]): RegExp | null {
  const longestFirst = names.filter((name) => [...name].length > 1).sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return null;
  return new RegExp(
    `(${longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`,
    'g',
  );
}
