import { Count } from '@/app/_ui/count.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { describeQuery, type SnapshotQueryInput } from '@/lib/snapshot-query.ts';
import { ReasonCounts } from './reason-counts.tsx';
import { SOURCE_NAMES, type Source } from './source-names.ts';
import type { PreviewCounts } from './use-preview.ts';

/** What a query says and what it would keep and leave out. */
export function PreviewPanel({
  query,
  counts,
  error,
  titleOf,
}: {
  query: SnapshotQueryInput;
  counts: PreviewCounts | null;
  error: string | null;
  titleOf: (importId: string) => string;
}) {
  const isEmpty = counts?.isWhole === true && counts.looked === 0;
  return (
    <section aria-label="Preview" className="grid gap-3 rounded-md bg-muted/60 p-3">
      <p className="text-sm first-letter:uppercase" dir="auto">
        {describeQuery(query, titleOf).join('; ')}.
      </p>
      {error !== null && <FormError>{error}</FormError>}
      <div aria-live="polite" className="grid gap-3">
        {counts === null && error === null && <p className="text-muted-foreground text-sm">Counting…</p>}
        {isEmpty && <p className="text-muted-foreground text-sm">This project has no judgments yet.</p>}
        {counts !== null && !isEmpty && error === null && (
          <>
            <p className="text-sm">
              Keeps{' '}
              <strong className="text-xl">
                <Count value={counts.kept} />
              </strong>{' '}
              of <Count value={counts.looked} /> judgments
              {counts.isWhole ? '' : ' looked at so far'}
            </p>
            {!counts.isWhole && <Progress value={null} label="Counting judgments" />}
            {counts.kept > 0 && (
              <p className="text-muted-foreground text-sm">
                {Object.entries(counts.bySource)
                  .map(([source, n]) => `${n.toLocaleString('en-US')} ${SOURCE_NAMES[source as Source]}`)
                  .join(', ')}
              </p>
            )}
            {Object.keys(counts.dropped).length > 0 && (
              <div className="grid gap-1.5">
                <h3 className="font-medium text-sm">Left out</h3>
                <ReasonCounts dropped={counts.dropped} label="Left out, by reason" />
              </div>
            )}
          </>
        )}
      </div>
      <details className="text-xs">
        <summary className="cursor-pointer text-muted-foreground pointer-coarse:py-3">
          The same for the API and the command line
        </summary>
        <pre className="mt-2 max-h-48 overflow-auto rounded-sm border bg-card p-2 font-mono break-all whitespace-pre-wrap">
          {JSON.stringify(query, null, 1)}
        </pre>
        <p className="mt-2 text-muted-foreground">
          Send it to <code>snapshots.create</code> with <code>projectId</code>, or save it and pass{' '}
          <code>--query &lt;file&gt;</code> to <code>npm run export</code>.
        </p>
      </details>
    </section>
  );
}
