import { Time } from '@/app/_ui/time.tsx';
import type { ErasureSummary } from '@/server/erasures/schemas.ts';

/** What was erased of a subject, when and why, and what became of what held it. */
export function ErasureNotes({ erasures }: { erasures: readonly ErasureSummary[] }) {
  if (erasures.length === 0) return null;
  return (
    <ul aria-label="Erasures" className="grid gap-2">
      {erasures.map(({ erasureId, kind, reason, createdAt, doneAt, result }) => (
        <li key={erasureId} className="rounded-lg border border-warning/40 bg-card px-4 py-3 text-sm">
          <p>
            {doneAt === null ? `This ${kind} is being erased` : `This ${kind} was erased`}, asked for{' '}
            <Time at={createdAt} />: <bdi>{reason}</bdi>
          </p>
          {result && (
            <p className="text-muted-foreground">
              With it went {result.snapshots} snapshots, {result.exports} exports, {result.files} further
              files; what people said of it in {result.judgments} judgments.
              {result.leftIn.length > 0 &&
                ` The same text stands elsewhere still: ${result.leftIn.join(', ')}.`}{' '}
              Backups made before hold it until they are deleted.
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
