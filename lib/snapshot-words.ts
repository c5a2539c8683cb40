const SOURCES: Record<string, string> = {
  annotator: 'by people',
  simulated: 'simulated',
  imported: 'imported',
};
const whole = new Intl.NumberFormat('en-US');

export type SnapshotInWords = {
  number: number;
  counts: { kept: number };
  query: { sources: readonly string[]; annotatorIds?: readonly string[] | null };
};

/** A snapshot by what is in it: "Snapshot 3: 1,204 judgments by people and imported, of 2 people". */
export function snapshotWords({ number, counts, query }: SnapshotInWords): string {
  const sources = query.sources.map((source) => SOURCES[source] ?? source);
  const last = sources.at(-1) ?? '';
  const from = sources.length < 2 ? last : `${sources.slice(0, -1).join(', ')} and ${last}`;
  const people = query.annotatorIds?.length;
  const of = people === undefined ? '' : `, of ${people} ${people === 1 ? 'person' : 'people'}`;
  return `Snapshot ${number}: ${whole.format(counts.kept)} ${counts.kept === 1 ? 'judgment' : 'judgments'} ${from}${of}`;
}
