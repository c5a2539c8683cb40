'use client';

import { useQuery } from '@tanstack/react-query';
import { ShieldAlertIcon, ShieldCheckIcon, ShieldIcon } from 'lucide-react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card } from '@/app/_ui/card.tsx';
import { Count } from '@/app/_ui/count.tsx';

/** Recomputes the chain on request and says what came out. */
export function VerifyButton({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const check = useQuery(
    trpc.audit.verify.queryOptions({ projectId }, { enabled: false, gcTime: 0, staleTime: 0 }),
  );
  const report = check.data;
  const total = Object.values(report?.counts ?? {}).reduce((sum, n) => sum + n, 0);
  const Icon = report ? (report.broken ? ShieldAlertIcon : ShieldCheckIcon) : ShieldIcon;
  return (
    <Card className="flex flex-wrap items-center gap-x-4 gap-y-3 px-4 py-3">
      <Icon
        aria-hidden
        className={
          report
            ? report.broken
              ? 'size-5 text-destructive'
              : 'size-5 text-success'
            : 'size-5 text-muted-foreground'
        }
      />
      <div className="min-w-48 flex-1" role="status">
        {check.error ? (
          <p className="text-destructive">{errorText(check.error)}</p>
        ) : report?.broken ? (
          <p>
            <strong className="font-medium text-destructive">Broken: {report.broken.where}</strong>{' '}
            {report.broken.problem}.
            {total > 1 && (
              <>
                {' '}
                <Count value={total} /> findings in all; <code>npm run verify</code> lists them.
              </>
            )}
          </p>
        ) : report ? (
          <>
            <p className="font-medium">
              All <Count value={report.records} /> records of this installation are intact.
            </p>
            <p className="font-mono text-xs break-all text-muted-foreground">head {report.head}</p>
            {report.signed && (
              <details className="text-xs text-muted-foreground">
                <summary>
                  Signed head of record <Count value={report.signed.head.seq} />: keep it elsewhere
                </summary>
                <p>
                  With <code>npm run verify -- &lt;folder&gt; --head &lt;file&gt;</code> it tells whether the
                  log was cut or written anew since.
                </p>
                <pre className="overflow-x-auto whitespace-pre-wrap break-all">
                  {JSON.stringify(report.signed.head)}
                </pre>
                <pre className="overflow-x-auto">{report.signed.publicKey}</pre>
              </details>
            )}
            {report.notCovered.map((text) => (
              <p key={text} className="text-xs text-muted-foreground">
                Not covered: {text}.
              </p>
            ))}
          </>
        ) : (
          <p className="text-muted-foreground">
            Recomputes every hash from the first record, and compares every row of data, rights, runs and
            models with what was recorded.
          </p>
        )}
      </div>
      <Button variant="outline" isBusy={check.isFetching} onClick={() => void check.refetch()}>
        {check.isFetching ? 'Verifying…' : 'Verify now'}
      </Button>
    </Card>
  );
}
