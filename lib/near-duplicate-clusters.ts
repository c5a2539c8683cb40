/**
 * Texts that are nearly the same: Jaccard similarity of their word 5-grams of at least 0.7. Candidates come from MinHash (A. Broder,
 * "On the resemblance and containment of documents", 1997) in 14 bands of 8 rows, which meets a pair of similarity s with probability
 * 1 - (1 - s^8)^14; each is then held to the true similarity, since many candidates lie well below.
 */
const WORDS = 5;
const BANDS = 14;
const ROWS = 8;
const HASHES = BANDS * ROWS;
const SIMILAR = 0.7;

/**
 * Clusters of near-duplicates: a text is in the cluster of every text that it is nearly the same as. Case, spaces and punctuation do not
 * count. Takes 448 bytes a text beside the texts; the time grows with the number of words.
 * @returns of each text the place of its cluster, numbered from 0 in the order of their first texts
 */
export function nearDuplicateClusters(texts: readonly string[]): Int32Array {
  const parent = Int32Array.from(texts, (_, i) => i);
  const rootOf = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  const join = (a: number, b: number) => {
    const [one, other] = [rootOf(a), rootOf(b)];
    parent[Math.max(one, other)] = Math.min(one, other);
  };
  const signatures = new Uint32Array(texts.length * HASHES).fill(0xffffffff);
  texts.forEach((text, i) => {
    const own = signatures.subarray(i * HASHES, (i + 1) * HASHES);
    for (const shingle of shinglesOf(text)) {
      for (let h = 0; h < HASHES; h++) {
        const value = mixed(shingle ^ Math.imul(h + 1, 0x9e3779b1));
        if (value < (own[h] as number)) own[h] = value;
      }
    }
  });
  // band by band, each text is held to the first that shares its band: never all pairs of a large bucket
  for (let band = 0; band < BANDS; band++) {
    const first = new Map<string, number>();
    for (let i = 0; i < texts.length; i++) {
      const from = i * HASHES + band * ROWS;
      const key = signatures.subarray(from, from + ROWS).join(' ');
      const candidate = first.get(key);
      if (candidate === undefined) first.set(key, i);
      else if (
        rootOf(candidate) !== rootOf(i) &&
        similarity(texts[i] as string, texts[candidate] as string) >= SIMILAR
      )
        join(i, candidate);
    }
  }
  const places = new Map<number, number>();
  return Int32Array.from(texts, (_, i) => {
    const root = rootOf(i);
    const place = places.get(root) ?? places.size;
    places.set(root, place);
    return place;
  });
}

/** Jaccard similarity of the word 5-grams of two texts. */
function similarity(a: string, b: string): number {
  const [one, other] = [shinglesOf(a), shinglesOf(b)];
  let shared = 0;
  for (const shingle of one) if (other.has(shingle)) shared++;
  return shared / (one.size + other.size - shared);
}

/** Hashes of the word 5-grams; a text of fewer words is one. */
function shinglesOf(text: string): Set<number> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text];
  const shingles = new Set<number>();
  for (let i = 0; i === 0 || i + WORDS <= words.length; i++)
    shingles.add(hashOf(words.slice(i, i + WORDS).join(' ')));
  return shingles;
}

/** FNV-1a (Fowler, Noll and Vo) over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3 (A. Appleby): one to one on 32 bits, so that each h of its argument orders all shingles anew. */
function mixed(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
