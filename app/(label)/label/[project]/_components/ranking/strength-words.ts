const WORDS = ['tie', 'slightly better', 'better', 'much better'] as const;

/** A strength from -3 to 3 in words, for whichever side it is: scale, pane, sentence and key sheet say the same. */
export function strengthWords(strength: number): string {
  return WORDS[Math.abs(strength)] ?? '';
}
