/** Shorter texts are in everything. */
const SHORTEST = 6;
/** So much of a text finds it; where it goes on differs by how it is written (cut, escaped, parted over pages). */
const LONGEST = 120;

/** Texts that are to be gone, to be looked for in what may quote them. */
export type Needles = {
  /** true when a text, or a file's bytes, quote one of them */
  isIn: (haystack: string) => boolean;
  /** the beginnings that are looked for, as bytes: plain and as JSON writes them */
  bytes: readonly Buffer[];
};

/** Needles of texts; those shorter than six characters are looked for as whole values of JSON alone. */
export function needlesOf(texts: readonly string[]): Needles {
  const spellings = new Set<string>();
  for (const text of texts) {
    const trimmed = text.trim();
    if (trimmed === '') continue;
    const json = JSON.stringify(trimmed.slice(0, LONGEST)).slice(1, -1);
    if (trimmed.length < SHORTEST) {
      spellings.add(JSON.stringify(trimmed));
      continue;
    }
    spellings.add(json);
    spellings.add(json.replaceAll('\\n', '\n').replaceAll('\\"', '"').replaceAll('\\\\', '\\'));
    // a text inside a JSON string that is itself kept as one
    spellings.add(JSON.stringify(json).slice(1, -1));
  }
  const all = [...spellings];
  return {
    isIn: (haystack) => all.some((spelling) => haystack.includes(spelling)),
    bytes: all.map((spelling) => Buffer.from(spelling, 'utf8')),
  };
}
