import { cutPlace } from '../cut-text.ts';

const WORD = /[\p{L}\p{N}\p{M}]/u;
/** Scripts written without blanks between words, and the punctuation of East Asia, which has none around it either. */
const WITHOUT_BLANKS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u3000-\u303f\uff00-\uff65]/u;

/**
 * Where the common beginning of two texts ends: cut back so that neither goes on in the middle of a word, a blank staying with
 * what follows. Where the script puts no blanks between words, the cut is at the last common character; where a text simply
 * has none (a path, say), behind its last sign that is no letter. 0 when the texts have no such beginning.
 */
export function commonBeginning(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  let common = 0;
  while (common < shorter && left[common] === right[common]) common++;
  common = Math.min(cutPlace(left, common), cutPlace(right, common));
  let lastSign = 0;
  for (let end = common; end > 0; end = cutPlace(left, end - 1)) {
    if (/^\s?$/.test(left[end] ?? right[end] ?? '') || WITHOUT_BLANKS.test(characterBefore(left, end))) {
      return end;
    }
    if (lastSign === 0 && !WORD.test(characterBefore(left, end))) lastSign = end;
  }
  return lastSign;
}

/** True when a cut at this place would go through a word; in scripts without blanks no cut does. */
export function isInsideWord(text: string, at: number): boolean {
  const before = characterBefore(text, at);
  const after = String.fromCodePoint(text.codePointAt(at) ?? 0x20);
  return WORD.test(before) && WORD.test(after) && !WITHOUT_BLANKS.test(before) && !WITHOUT_BLANKS.test(after);
}

function characterBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff;
  return text.slice(at - (isPair ? 2 : 1), at);
}
