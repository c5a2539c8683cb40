/** What a file is by its first bytes, for the kinds that people take for text by mistake. */

const KINDS: readonly (readonly [bytes: string, name: string])[] = [
  ['504b0304', 'a zip archive (or an office document, which is one)'],
  ['504b0506', 'an empty zip archive'],
  ['50415231', 'a Parquet file'],
  ['4152524f5731', 'an Arrow file'],
  ['28b52ffd', 'Zstandard data (.zst)'],
  ['1f8b', 'gzip data inside gzip data'],
  ['425a68', 'bzip2 data (.bz2)'],
  ['fd377a585a00', 'xz data (.xz)'],
  ['04224d18', 'LZ4 data (.lz4)'],
  ['377abcaf271c', 'a 7-Zip archive'],
  ['526172211a07', 'a RAR archive'],
  ['53514c69746520666f726d61742033', 'an SQLite database'],
  ['d0cf11e0a1b11ae1', 'an old office document'],
  ['255044462d', 'a PDF document'],
  ['89504e470d0a1a0a', 'a PNG image'],
  ['ffd8ff', 'a JPEG image'],
  ['894844460d0a1a0a', 'an HDF5 file'],
  ['934e554d5059', 'a NumPy array'],
  ['4f626a01', 'an Avro file'],
  ['7f454c46', 'a program (ELF)'],
];
const TEXTS: readonly (readonly [start: RegExp, name: string])[] = [
  [
    /^version https:\/\/git-lfs\.github\.com\/spec/,
    'a Git LFS pointer; fetch the file it stands for (git lfs pull)',
  ],
  [/^\s*<(!doctype html|html)\b/i, 'a web page (HTML), such as the page of a download instead of the file'],
  [/^\s*<\?xml\b/i, 'XML'],
];
const TAR_MAGIC_AT = 257;
/** share of bytes that no UTF-8 text has from which a file is no text, or text in another encoding */
const MOST_ODD_BYTES = 0.1;

/** The name of a kind of file that is no text, by its first bytes; null for everything else. */
export function nameKind(head: Buffer): string | null {
  const hex = head.subarray(0, 16).toString('hex');
  const known = KINDS.find(([bytes]) => hex.startsWith(bytes));
  if (known) return known[1];
  return head.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5).toString('latin1') === 'ustar'
    ? 'a tar archive'
    : null;
}

/** Why what should be UTF-8 holds no rows, by what it begins with; null when it may. */
export function nameText(head: Buffer): string | null {
  const text = head.toString('utf8');
  const start = TEXTS.find(([pattern]) => pattern.test(text));
  if (start) return start[1];
  let odd = 0;
  for (const sign of text) if (sign === '\ufffd' || (sign < ' ' && !'\t\n\r\f\v\0\x1b'.includes(sign))) odd++;
  if (odd <= text.length * MOST_ODD_BYTES) return null;
  const bytes = head.subarray(0, 8).toString('hex');
  return `neither UTF-8 text nor a kind of file that is known here (it begins with the bytes ${bytes}); text in another encoding has to be saved as UTF-8`;
}

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * The encoding by its byte order mark. A name instead where the bytes are text that is not read: UTF-32, UTF-16 without a
 * mark (every other byte is NUL), which no rule can tell from binary data for sure.
 */
export function findEncoding(head: Buffer): { encoding: Encoding } | { unread: string } {
  const mark = head.subarray(0, 4).toString('hex');
  if (mark === 'fffe0000' || mark === '0000feff') return { unread: 'UTF-32 text' };
  if (mark.startsWith('fffe')) return { encoding: 'utf-16le' };
  if (mark.startsWith('feff')) return { encoding: 'utf-16be' };
  const nuls = [0, 0, 0, 0];
  for (const [i, byte] of head.entries()) if (byte === 0) nuls[i % 4] = (nuls[i % 4] ?? 0) + 1;
  const [first = 0, second = 0, third = 0, fourth = 0] = nuls;
  // nothing lies beyond the first 17 planes: in every four bytes the last (or first) is NUL, and nearly always its neighbour
  const most = head.length / 5;
  if (third > most && fourth > most && first < most)
    return { unread: 'UTF-32 text (little-endian) without a byte order mark' };
  if (first > most && second > most && fourth < most)
    return { unread: 'UTF-32 text (big-endian) without a byte order mark' };
  const [even, odd] = [first + third, second + fourth];
  if (Math.max(even, odd) > head.length / 8 && Math.min(even, odd) * 8 < Math.max(even, odd)) {
    return { unread: `UTF-16 text (${odd > even ? 'little' : 'big'}-endian) without a byte order mark` };
  }
  return { encoding: 'utf-8' };
}
