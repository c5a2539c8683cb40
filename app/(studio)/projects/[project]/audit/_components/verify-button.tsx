'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ShieldAlertIcon, ShieldCheckIcon, ShieldIcon } from 'lucide-react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card } from '@/app/_ui/card.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatDuration } from '@/lib/format-duration.ts';
import type { Check, CheckReport } from '@/server/audit/read-check.ts';

/** Has the worker recompute the chain, follows it, and says what came out. */
export function VerifyButton({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const check = useQuery({
    ...trpc.audit.check.queryOptions({ projectId }),
    staleTime: 0,
    refetchInterval: (query) => (query.state.data?.isOpen ? 1000 : false),
  });
  const ask = useMutation(
    trpc.audit.verify.mutationOptions({
      onSuccess: () => fetchAnew(queryClient, trpc.audit.check.queryKey()),
    }),
  );
  const state = check.data ?? null;
  const error = ask.error ?? check.error;
  const report = state?.report ?? null;
  const isBroken = report !== null && report.findings.length > 0;
  const Icon = report ? (isBroken ? ShieldAlertIcon : ShieldCheckIcon) : ShieldIcon;
  const tone = report ? (isBroken ? 'text-destructive' : 'text-success') : 'text-muted-foreground';
  return (
    <Card className="flex flex-wrap items-center gap-x-4 gap-y-3 px-4 py-3">
      <Icon aria-hidden className={`size-5 ${tone}`} />
      <div className="min-w-48 flex-1" role="status">
        {error ? (
          <p className="text-destructive">{errorText(error)}</p>
        ) : state?.isOpen ? (
          <Underway check={state} />
        ) : state?.error ? (
          <p className="text-destructive">The check did not come to its end: {state.error}</p>
        ) : report ? (
          <>
            {isBroken ? <Broken report={report} /> : <Intact report={report} />}
            {report.notCovered.map((text) => (
              <p key={text} className="text-xs text-muted-foreground">
                Not covered: {text}.
              </p>
            ))}
            {state?.finishedAt && (
              <p className="text-xs text-muted-foreground">
                Checked <Time at={state.finishedAt} />.
              </p>
            )}
          </>
        ) : (
          <p className="text-muted-foreground">
            Recomputes every hash from the first record, and compares every row of data, rights, runs and
            models with what was recorded.
          </p>
        )}
      </div>
      <Button
        variant="outline"
        isBusy={ask.isPending || state?.isOpen === true}
        onClick={() => ask.mutate({ projectId })}
      >
        {state?.isOpen ? 'Verifying…' : 'Verify now'}
      </Button>
    </Card>
  );
}

function Underway({ check: { share, doing, remainingSeconds } }: { check: Check }) {
  return (
    <>
      <Progress label="Rows looked at" className="mt-1 mb-2 max-w-96" value={share} />
      <p>
        {Math.floor(share * 100)} %
        {remainingSeconds === null ? '' : `, about ${formatDuration(remainingSeconds)} left`}
      </p>
      <p className="text-xs text-muted-foreground">
        {doing === '' ? 'Waits for the worker.' : `Looks at ${doing}.`} You may leave this page.
      </p>
    </>
  );
}

function Broken({ report: { findings, counts } }: { report: CheckReport }) {
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const [first] = findings;
  return (
    <>
      <p>
        <strong className="font-medium text-destructive">Broken: {first?.where}</strong> {first?.problem}.
      </p>
      {total > 1 && (
        <details className="text-sm">
          <summary>
            <Count value={total} /> findings in all
            {total > findings.length && (
              <>
                , the first <Count value={findings.length} /> of them
              </>
            )}
          </summary>
          <ul className="mt-1 max-h-96 list-disc overflow-auto pl-5 text-xs">
            {findings.map(({ where, problem }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes, and two findings may read alike
              <li key={index} className="break-words">
                {where}: {problem}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Intact({ report }: { report: CheckReport }) {
  return (
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
            With <code>npm run verify -- &lt;folder&gt; --head &lt;file&gt;</code> it tells whether the log
            was cut or written anew since.
          </p>
          <pre className="overflow-x-auto whitespace-pre-wrap break-all">
            {JSON.stringify(report.signed.head)}
          </pre>
          <pre className="overflow-x-auto">{report.signed.publicKey}</pre>
        </details>
      )}
    </>
  );
}
