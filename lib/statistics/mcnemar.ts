/**
 * Exact McNemar test of two judges on the same pairs: the chance that n fair coins split at least as unevenly, two-sided
 * (Q. McNemar, Psychometrika 12, 1947, with the binomial in place of the chi square).
 * @param onlyOne how often one is right and the other wrong; @param onlyOther the other way round
 * @returns p; 1 where both always agree
 */
export function exactMcNemar(onlyOne: number, onlyOther: number): number {
  const n = onlyOne + onlyOther;
  let logChoose = 0;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyOne, onlyOther); k++) {
    // 0.5^n underflows beyond a thousand, so each term is made in logarithms
    tail += Math.exp(logChoose - n * Math.LN2);
    logChoose += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
