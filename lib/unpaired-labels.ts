/** What a judgment says of its responses, by id. */
export type JudgedResponses = {
  /** groups of response ids, best first; one group = tie */
  ranking: readonly (readonly string[])[];
  tieKind: 'none' | 'equal' | 'both_good' | 'both_bad';
  /** flags by response id */
  flags: Readonly<Record<string, readonly string[]>>;
};

export type UnpairedLabels = {
  /** in the order of the ranking; true = desirable */
  labels: { responseId: string; label: boolean }[];
  /** one entry for each response that gets no label */
  leftOut: ('equal' | 'middle-rank')[];
};

/** Flags that make a response undesirable, whatever it was preferred to. */
const BAD_FLAGS = ['harmful', 'untrue'];

/**
 * A judgment as labels of single responses, which KTO learns from: the best group of a ranking is desirable, the last one is
 * not, those between are neither; a tie says the same of all when it was "both good" or "both bad", and nothing when it was
 * plainly equal. A response flagged as harmful or untrue is undesirable wherever it stands.
 */
export function unpairedLabels({ ranking, tieKind, flags }: JudgedResponses): UnpairedLabels {
  const result: UnpairedLabels = { labels: [], leftOut: [] };
  ranking.forEach((group, place) => {
    const label = labelOfGroup(place, ranking.length, tieKind);
    for (const responseId of group) {
      if (BAD_FLAGS.some((flag) => flags[responseId]?.includes(flag))) {
        result.labels.push({ responseId, label: false });
      } else if (typeof label === 'boolean') result.labels.push({ responseId, label });
      else result.leftOut.push(label);
    }
  });
  return result;
}

function labelOfGroup(
  place: number,
  numGroups: number,
  tieKind: JudgedResponses['tieKind'],
): boolean | UnpairedLabels['leftOut'][number] {
  if (numGroups === 1) return tieKind === 'both_good' ? true : tieKind === 'both_bad' ? false : 'equal';
  if (place === 0) return true;
  return place === numGroups - 1 ? false : 'middle-rank';
}
