/** A ranking of response ids by the numbers shown (1 = first shown), best first. */
export function placingOf(ranking: string[][], shownOrder: string[]): number[][] {
  return ranking.map((group) => group.map((id) => shownOrder.indexOf(id) + 1).sort((a, b) => a - b));
}
