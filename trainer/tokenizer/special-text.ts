/**
 * Keeps the names of special tokens in a user's text apart from those a chat template writes: one character of each name in the
 * text gives way to a stand-in that occurs nowhere else, so that the name is not found there, and comes back before the text is
 * cut into tokens. A stand-in is one character for one, so that a template which measures or cuts a text sees the same lengths.
 */

/** Noncharacters first, which no text should hold (Unicode 23.7), then the private use area, of which some is always unused. */
const CANDIDATES = [
  [0xfdd0, 0xfdef],
  [0xe000, 0xf8ff],
] as const;

export type Hidden = {
  /** the texts without a special token's name */
  texts: string[];
  /** puts the characters back, in these texts or in what was made of them */
  restore(text: string): string;
};

export type SpecialHider = {
  /** whether `text` holds the name of a special token */
  isIn(text: string): boolean;
  /**
   * Hides every name in `texts`.
   * @param options.avoid what else will stand in one text with these, as the source of a template
   * @param options.place which character of a name gives way, as a share of its length
   */
  hide(texts: readonly string[], options?: { avoid?: string; place?: number }): Hidden;
};

const asItIs = (text: string): string => text;

/** Hides the names of these tokens in texts. */
export function createSpecialHider(names: readonly string[]): SpecialHider {
  const pattern = namePattern(names);
  if (pattern === null)
    return { isIn: () => false, hide: (texts) => ({ texts: [...texts], restore: asItIs }) };
  const isIn = (text: string): boolean => text.search(pattern) >= 0;
  return {
    isIn,
    hide(texts, { avoid = '', place = 0.5 } = {}) {
      if (!texts.some(isIn)) return { texts: [...texts], restore: asItIs };
      const unused = unusedCharacters(new Set(`${avoid}${names.join('')}${texts.join('')}`));
      const standIns = new Map<string, string>();
      const originals = new Map<string, string>();
      const withoutOne = (name: string): string => {
        const characters = [...name];
        const at = Math.min(characters.length - 1, Math.floor(place * characters.length));
        const original = characters[at] as string;
        const standIn = standIns.get(original) ?? (unused.next().value as string);
        standIns.set(original, standIn);
        originals.set(standIn, original);
        characters[at] = standIn;
        return characters.join('');
      };
      const hidden = texts.map((text) => {
        // again until none is left: hiding one name may leave another that overlapped it
        let now = text;
        while (isIn(now)) now = now.replaceAll(pattern, withoutOne);
        return now;
      });
      const restore = (text: string) =>
        text.replace(/[\ufdd0-\ufdef\ue000-\uf8ff]/g, (c) => originals.get(c) ?? c);
      return { texts: hidden, restore };
    },
  };
}

/** Matches any of the names, the longest first. */
function namePattern(names: readonly string[]): RegExp | null {
  if (names.length === 0) return null;
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
}

function* unusedCharacters(used: ReadonlySet<string>): Generator<string> {
  for (const [first, last] of CANDIDATES) {
    for (let code = first; code <= last; code++) {
      const character = String.fromCharCode(code);
      if (!used.has(character)) yield character;
    }
  }
  throw new Error('a text holds every private use character: the special tokens in it cannot be told apart');
}
