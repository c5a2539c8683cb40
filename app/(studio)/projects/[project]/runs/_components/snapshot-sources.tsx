import { Badge } from '@/app/_ui/badge.tsx';
import { Count } from '@/app/_ui/count.tsx';

export type SnapshotFacts = {
  id: string;
  number: number;
  bySource: { annotator?: number; simulated?: number; imported?: number };
};

/** A snapshot by number with how many of its judgments came from whom; simulated annotators are marked wherever they appear. */
export function SnapshotSources({ snapshot }: { snapshot: SnapshotFacts }) {
  const { annotator = 0, simulated = 0, imported = 0 } = snapshot.bySource;
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      <span className="whitespace-nowrap">Snapshot {snapshot.number}</span>
      {annotator > 0 ? (
        <Badge>
          <Count value={annotator} /> by people
        </Badge>
      ) : null}
      {imported > 0 ? (
        <Badge>
          <Count value={imported} /> imported
        </Badge>
      ) : null}
      {simulated > 0 ? (
        <Badge tone="warning">
          <Count value={simulated} /> simulated
        </Badge>
      ) : null}
    </span>
  );
}
