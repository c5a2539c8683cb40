const [QUOTE, BACKSLASH, COLON, MINUS] = [0x22, 0x5c, 0x3a, 0x2d];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const BLANKS = /[ \t\r\n]*/y;

export type JsonScan = {
  /** a key that stands twice in one object: JSON.parse keeps the last value and says nothing; null when there is none */
  repeatedKey: string | null;
  /** where whole numbers stand that a double does not keep digit by digit, in order */
  longNumbers: { from: number; to: number }[];
};

/** What JSON.parse loses without a word. @param text JSON that it has read */
export function scanJson(text: string): JsonScan {
  const longNumbers: JsonScan['longNumbers'] = [];
  // the keys of the objects that are open; null for lists
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys && text.charCodeAt(behind(BLANKS, text, end)) === COLON) {
        const key = JSON.parse(text.slice(at, end)) as string;
        if (keys.has(key)) return { repeatedKey: key, longNumbers };
        keys.add(key);
      }
      at = end - 1;
    } else if (code === OBJECT) open.push(new Set());
    else if (code === LIST) open.push(null);
    else if (code === OBJECT_END || code === LIST_END) open.pop();
    else if (code === MINUS || (code >= 0x30 && code <= 0x39)) {
      const to = behind(NUMBER, text, at);
      const token = text.slice(at, to);
      if (/^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)))
        longNumbers.push({ from: at, to });
      at = to - 1;
    }
  }
  return { repeatedKey: null, longNumbers };
}

/** Behind the quote that closes the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return text.length;
}

function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(text);
  return Math.max(pattern.lastIndex, at);
}
