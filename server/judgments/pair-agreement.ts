/**
 * How often two rankings agree on which of two responses is better, over the pairs that both decide (no tie in either), in
 * counts. For a task of two responses that is one vote; for a ranking it is what Kendall's tau counts.
 */
export function pairAgreement(
  one: readonly string[][],
  other: readonly string[][],
): { same: number; of: number } {
  const place = (ranking: readonly string[][]) =>
    new Map(ranking.flatMap((group, index) => group.map((id) => [id, index] as const)));
  const [mine, theirs] = [place(one), place(other)];
  const ids = [...mine.keys()].filter((id) => theirs.has(id));
  let [same, of] = [0, 0];
  for (const [index, a] of ids.entries()) {
    for (const b of ids.slice(index + 1)) {
      const [here, there] = [mine, theirs].map((places) =>
        Math.sign((places.get(a) as number) - (places.get(b) as number)),
      );
      if (here === 0 || there === 0) continue;
      of += 1;
      if (here === there) same += 1;
    }
  }
  return { same, of };
}
