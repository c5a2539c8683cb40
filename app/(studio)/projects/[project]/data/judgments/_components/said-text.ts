const STRENGTHS = ['tie', 'slightly better', 'better', 'much better'];

type Said = {
  placing: number[][];
  strength: number | null;
  tieKind: string;
  notRankable: boolean;
};

/** What a judgment says in few words, by the letters that the person saw: "B better", "C > A = B", "both bad". */
export function saidText({ placing, strength, tieKind, notRankable }: Said): string {
  if (notRankable) return 'not rankable';
  const isPair = placing.flat().length === 2;
  const everybody = isPair ? 'both' : 'all';
  if (tieKind === 'both_bad') return `${everybody} bad`;
  if (tieKind === 'both_good') return `${everybody} good`;
  const letters = placing.map((group) => group.map((place) => String.fromCharCode(64 + place)).join(' = '));
  if (isPair && placing.length === 2)
    return `${letters[0]} ${strength === null ? 'better' : STRENGTHS[Math.abs(strength)]}`;
  return letters.join(' > ');
}
