import { describeQuery, type SnapshotQueryInput } from './snapshot-query.ts';

const SOURCES: Record<string, string> = {
  annotator: 'by people',
  simulated: 'by simulated annotators',
  imported: 'imported',
};
const whole = new Intl.NumberFormat('en-US');

export type SnapshotInWords = {
  number: number;
  counts: { kept: number };
  query: Omit<SnapshotQueryInput, 'sources' | 'annotatorIds'> & {
    sources: readonly string[];
    annotatorIds?: readonly string[] | null | undefined;
  };
};

/** A snapshot by what is in it, and by what it leaves out: "Snapshot 3: 1,204 judgments, only by people". */
export function snapshotWords({ number, counts, query }: SnapshotInWords): string {
  const isAll = Object.keys(SOURCES).every((source) => query.sources.includes(source));
  const sources = query.sources.map((source) => SOURCES[source] ?? source);
  const people = query.annotatorIds?.length;
  const { sources: _sources, annotatorIds: _people, until: _until, ...conditions } = query;
  return [
    `Snapshot ${number}: ${whole.format(counts.kept)} ${counts.kept === 1 ? 'judgment' : 'judgments'}`,
    ...(isAll ? [] : [`only ${sources.join(' and ')}`]),
    ...(people === undefined ? [] : [`of ${people} ${people === 1 ? 'person' : 'people'}`]),
    ...describeQuery(conditions),
  ].join(', ');
}
