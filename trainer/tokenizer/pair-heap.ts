/**
 * Priority queue of token pairs, most frequent first, ties to the smaller pair. Counts change while pairs wait, so every
 * change is pushed as a new entry and an entry that no longer agrees with `counts` is skipped when it comes up.
 */
export class PairHeap {
  readonly #counts: ReadonlyMap<number, number>;
  readonly #entries: { pair: number; count: number }[] = [];

  constructor(counts: ReadonlyMap<number, number>) {
    this.#counts = counts;
    for (const [pair, count] of counts) this.push(pair, count);
  }

  push(pair: number, count: number): void {
    if (count <= 0) return;
    const entries = this.#entries;
    const entry = { pair, count };
    let at = entries.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent];
      if (!above || !comesFirst(entry, above)) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
  }

  /** The most frequent pair with its present count, or null when none is left. */
  popBest(): { pair: number; count: number } | null {
    for (let best = this.#pop(); best; best = this.#pop()) {
      if (this.#counts.get(best.pair) === best.count) return best;
    }
    return null;
  }

  #pop(): { pair: number; count: number } | undefined {
    const entries = this.#entries;
    const top = entries[0];
    const last = entries.pop();
    if (!top || !last || entries.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = entries[child];
      const right = entries[child + 1];
      if (left && right && comesFirst(right, left)) child++;
      const below = entries[child];
      if (!below || !comesFirst(below, last)) break;
      entries[at] = below;
      at = child;
    }
    entries[at] = last;
    return top;
  }
}

function comesFirst(a: { pair: number; count: number }, b: { pair: number; count: number }): boolean {
  return a.count !== b.count ? a.count > b.count : a.pair < b.pair;
}
