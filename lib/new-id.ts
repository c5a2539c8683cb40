/** Prefixed, sortable ids: `<prefix>_<time in base 36, 9 chars><16 random chars>`. Sorting by id is sorting by creation time. */
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export function newId(prefix: string, now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let random = '';
  // 252 = 7 * 36: bytes above it are folded back by a second draw so that every letter is equally likely
  for (let byte of bytes) {
    while (byte >= 252) byte = crypto.getRandomValues(new Uint8Array(1))[0] as number;
    random += ALPHABET[byte % 36];
  }
  return `${prefix}_${now.toString(36).padStart(9, '0')}${random}`;
}

/** Comes after every id, which are letters, digits and underscores: where a list that is read backwards begins. */
export const AFTER_ALL_IDS = '~';
